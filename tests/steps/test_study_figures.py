"""The step that draws a study's figures from its record."""

import shutil

import pytest
from made_study import make_study

from gxn.steps.study_figures import Arguments, study_figures

FIGURES = ("recall", "training", "imagined")


def drawn(about, folder):
    outputs = {name: folder / f"{name}.pdf" for name in FIGURES}
    study_figures(Arguments(study=about, **outputs))
    return {name: path.read_bytes() for name, path in outputs.items()}


@pytest.fixture
def about(results, tmp_path):
    return make_study(results, tmp_path / "mine")


def test_figures_are_the_same_bytes_again(about, tmp_path):
    first = drawn(about, tmp_path / "first")
    assert all(content.startswith(b"%PDF") for content in first.values())
    assert drawn(about, tmp_path / "second") == first


def test_a_record_without_imagination_says_so(about, tmp_path):
    shutil.rmtree(about.parent / "imagined")
    assert drawn(about, tmp_path)["imagined"].startswith(b"%PDF")
