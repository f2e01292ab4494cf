"""gxn search: results with scores and paths, what is not known, and a sheet of pictures."""

import re
from pathlib import Path

import pytest
from PIL import Image

from gxn import cli
from gxn.errors import GxnError
from gxn.steps.search import Arguments, search

CONFIG = (Path("config/mine.yaml"),)


@pytest.mark.parametrize(
    ("words", "split"),
    [([], None), (["--split", "test"], "test"), (["--split=val"], "val"), (["--split", "train"], "train")],
)
def test_the_split_is_one_of_three_or_all(words, split):
    assert cli.parse(Arguments, None, ["a dog", *words]).split == split


def test_another_split_is_refused_with_those_there_are(capsys):
    with pytest.raises(SystemExit) as end:
        cli.parse(Arguments, None, ["a dog", "--split", "dev"])
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert "argument --split: invalid choice: 'dev' (choose from" in said
    assert all(split in said for split in ("train", "val", "test"))


def test_the_best_images_of_a_split_with_scores_and_the_row_that_found_them(trained, capsys):
    search(Arguments(sentence="a dog and a zebra", config=CONFIG, row="both", split="test", count=3))
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert len(lines) == 3
    found = [re.fullmatch(r" +(\d) +(-?\d\.\d{4})  photos/(\d+)\.png", line) for line in lines]
    assert [each[1] for each in found] == ["1", "2", "3"] and all(18 <= int(each[3]) < 24 for each in found)
    scores = [float(each[2]) for each in found]
    assert scores == sorted(scores, reverse=True)
    assert "row both, seed 3 of tiny: validation rsum" in said.err
    assert "warning: not in the vocabulary: a, and, zebra" in said.err


@pytest.mark.parametrize("images", [None, Path("photos")])
def test_a_sheet_shows_the_pictures(trained, tmp_path, images):
    sheet = tmp_path / "found.png"
    search(Arguments(sentence="dog", config=CONFIG, images=images, count=7, sheet=sheet))
    with Image.open(sheet) as picture:
        assert picture.width > picture.height > 300 and len(picture.convert("RGB").getcolors(1 << 24)) > 1000


def test_what_an_exported_row_needs_is_said(trained, tmp_path):
    with pytest.raises(GxnError, match="--model: an exported row has its own row"):
        search(Arguments(sentence="dog", model=tmp_path, row="plain"))


def test_outside_the_repository_an_exported_row_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        GxnError, match=r"has no params\.yaml; run this in the repository's folder, or .*--model"
    ):
        search(Arguments(sentence="dog"))
