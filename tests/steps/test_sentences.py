"""gxn sentences: captions of the dataset, or lines of a file, for a photograph."""

from pathlib import Path

import pytest

from gxn import cli
from gxn.errors import GxnError
from gxn.steps.sentences import Arguments, sentences

CONFIG = (Path("config/mine.yaml"),)


def test_the_best_captions_of_the_dataset_as_sentences(trained, capsys):
    sentences(Arguments(photograph=Path("photos/3.png"), config=CONFIG, count=4))
    found = [line.split("  ")[-1] for line in capsys.readouterr().out.splitlines()]
    assert len(found) == 4 and all(text[0].isupper() and text.endswith(".") for text in found)


@pytest.mark.parametrize(("words", "split"), [([], None), (["--split", "test"], "test")])
def test_the_split_is_one_of_three_or_all(words, split):
    assert cli.parse(Arguments, None, ["a.jpg", *words]).split == split


def test_lines_of_a_file(trained, tmp_path, capsys):
    path = tmp_path / "mine.txt"
    path.write_text("dog runs\n\ntwo people\n")
    sentences(Arguments(photograph=Path("photos/3.png"), config=CONFIG, sentences=path))
    assert {line.split("  ")[-1] for line in capsys.readouterr().out.splitlines()} == {
        "dog runs",
        "two people",
    }


def test_a_file_without_sentences_is_refused(trained, tmp_path):
    (tmp_path / "none.txt").write_text("\n")
    with pytest.raises(GxnError, match="has no sentence"):
        sentences(Arguments(photograph=Path("photos/3.png"), config=CONFIG, sentences=tmp_path / "none.txt"))
