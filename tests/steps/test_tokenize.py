"""The step that makes the vocabulary and writes captions as integers."""

import pytest
from small import config_files

from gxn.datasets.tokens import read_tokens, read_vocabulary
from gxn.errors import GxnError
from gxn.files import write_json
from gxn.steps.tokenize import Arguments, tokenize

CAPTIONS = {"train": ["a red dog runs", "a dog"], "val": ["a cat"], "test": ["a red dog on a cat"]}


def tokenized(folder, **vocabulary):
    images = [
        {
            "filename": f"{row}.png",
            "imgid": row,
            "split": split,
            "sentences": [{"sentid": 10 * row + k, "tokens": text.split()} for k, text in enumerate(texts)],
        }
        for row, (split, texts) in enumerate(CAPTIONS.items())
    ]
    write_json(folder / "captions.json", {"images": images})
    tokenize(
        Arguments(
            config=config_files(folder, {"vocabulary": vocabulary}),
            captions=folder / "captions.json",
            vocabulary=folder / "vocabulary.json",
            tokens=folder / "tokens.h5",
        )
    )
    return read_vocabulary(folder / "vocabulary.json"), folder / "tokens.h5"


def test_both_files_have_the_same_words(tmp_path):
    words, tokens = tokenized(tmp_path, min_count=1)
    assert words == list(read_tokens(tokens, "val").words)


def test_words_seen_less_often_are_unknown(tmp_path):
    assert tokenized(tmp_path, min_count=2)[0][4:] == ["a", "dog"]


def test_long_captions_are_cut(tmp_path):
    captions = read_tokens(tokenized(tmp_path, min_count=1, max_length=3)[1], "test")
    assert captions.offsets.tolist() == [0, 3]


def test_it_says_how_many_words_there_are(tmp_path, capsys):
    tokenized(tmp_path, min_count=2)
    assert "2 words occur at least 2 times in the training split" in capsys.readouterr().out


def test_a_count_that_no_word_reaches_is_refused(tmp_path):
    with pytest.raises(GxnError, match=r"^vocabulary\.min_count: no word occurs 9 times"):
        tokenized(tmp_path, min_count=9)
