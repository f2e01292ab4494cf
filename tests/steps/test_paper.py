"""The step that sets the paper, and what its text may hold."""

import re

import pytest
from small import ROOT

from gxn.errors import GxnError
from gxn.steps.paper import Arguments, paper

TEXT = ROOT / "paper/paper.typ"
# digits that are no results: names of measures and data, pages, sizes of type, words of commands
NAMES = re.compile(r"R\\@K|R\\@\d+|BLEU-\d|Flickr8K|--cores 8")
# settings of the page, which the reader does not see as numbers
SETTINGS = re.compile(r"^#(set|show|import|v)\b.*$", re.MULTILINE)


def without_calls(text: str) -> str:
    """The text without the arguments of `#name(...)`, which are code."""
    found, place = [], 0
    for call in re.finditer(r"#[\w.-]+\(", text):
        if call.start() < place:
            continue
        found.append(text[place : call.start()])
        place, depth = call.end(), 1
        while depth:
            depth += {"(": 1, ")": -1}.get(text[place], 0)
            place += 1
    return "".join(found) + text[place:]


def typed_digits(text: str) -> list[str]:
    """Numbers that stand in the prose as digits."""
    text = SETTINGS.sub("", text)
    text = re.sub(r"\$[^$]*\$", "", text)
    text = re.sub(r"(?<![\w\\])@[\w-]+", "", text)  # references
    text = re.sub(r"<[\w-]+>", "", text)
    text = re.sub(r"\b(xe|t2i|i2t|i2t_t2i)\b", "", NAMES.sub("", without_calls(text)))
    return re.findall(r"\d[\d.,]*", text)


def test_no_number_of_the_text_is_typed_by_hand():
    allowed = ["95"]  # per cent of an interval
    assert [each for each in typed_digits(TEXT.read_text("utf-8")) if each.rstrip(".,") not in allowed] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It changes by 3.5 points.", ["3.5"]),
        ('It changes by #effect("xe"), see @table1, $x_2$ and R\\@5.', []),
        ('#plot("recall", width: 88%)[Of 3 seeds]', ["3"]),
        ("#set page(margin: 20mm)", []),
    ],
)
def test_digits_in_prose_are_found(text, found):
    assert typed_digits(text) == found


def test_a_paper_is_set_from_the_files_beside_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "number.csv").write_text("a\n7\n")
    (tmp_path / "paper.typ").write_text('= Title\n#csv("/number.csv").at(1).at(0)')
    forms = {form: tmp_path / f"out/paper.{form}" for form in ("pdf", "html")}
    paper(Arguments(text=tmp_path / "paper.typ", **forms))
    assert forms["pdf"].read_bytes().startswith(b"%PDF")
    assert "<p>7</p>" in forms["html"].read_text("utf-8")


def test_a_file_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paper.typ").write_text('#csv("/absent.csv")')
    with pytest.raises(GxnError, match=r"paper\.typ: .*absent\.csv"):
        paper(
            Arguments(text=tmp_path / "paper.typ", pdf=tmp_path / "paper.pdf", html=tmp_path / "paper.html")
        )
    assert not (tmp_path / "paper.pdf").exists()
