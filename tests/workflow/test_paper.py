"""The paper, made from the record in a copy that has trained nothing."""

import re
import sys

import pytest
from workflow import study_pages
from workflow.reference import filled

pytestmark = pytest.mark.slow

COUNT = "import typst; print(len(typst.compile('paper/paper.typ', root='.', format='png', ppi=20.0)))"


@pytest.fixture(scope="module")
def said(copy):
    return copy.run("snakemake", "--cores", "2", "paper")


def test_nothing_is_trained_for_it(said, copy):
    jobs = set(re.findall(r"^ ([a-z ]+?) +\d+ *$", said, re.MULTILINE)) - {"total"}
    assert jobs == {
        *("paper", "paper framework", "figure effects"),
        *("study figures", "study tables", "table answers"),
    }
    assert (copy.path / "results/paper.pdf").read_bytes().startswith(b"%PDF")
    assert "<svg" in (copy.path / "results/paper.html").read_text("utf-8")
    assert not (copy.path / "data").exists()


def test_it_has_fewer_than_twelve_pages(said, copy):
    assert int(copy.run(sys.executable, "-c", COUNT)) < 12


def test_the_page_on_the_study_has_the_numbers_of_the_record(said, copy):
    text = (copy.path / study_pages.PAGE).read_text("utf-8")
    assert filled(text, study_pages.blocks(copy.path / study_pages.TABLES)) == text


def test_a_second_call_has_nothing_to_do(said, copy):
    assert "Nothing to be done" in copy.run("snakemake", "--cores", "2", "--dry-run", "paper")
