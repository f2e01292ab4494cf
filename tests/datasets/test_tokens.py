"""Captions become integers and come back; a file that does not fit is refused."""

import numpy as np
import pytest
from edits import edited
from hypothesis import given
from hypothesis import strategies as st

from gxn.datasets.captions import Record, Sentence
from gxn.datasets.tokens import (
    build_vocabulary,
    encode,
    read_tokens,
    read_vocabulary,
    write_tokens,
)
from gxn.datasets.words import SPECIAL, UNK
from gxn.errors import GxnError
from gxn.files import write_json


def records(captions: dict[str, list[list[str]]]) -> list[Record]:
    """Per split, images (lists of sentences); ids count through."""
    made, sentid = [], 0
    for split, images in captions.items():
        for image in images:
            sentences = tuple(Sentence(sentid + row, tuple(text.split())) for row, text in enumerate(image))
            sentid += len(image)
            made.append(Record(f"{len(made)}.jpg", 100 + len(made), split, sentences))
    return made


TOY = {
    "train": [["a red dog runs", "a dog"], ["a cat", "one red cat <eos>"]],
    "val": [["a zebra", "a zebra zebra zebra"]],
    "test": [["red zebra"], ["dog"]],
}


@pytest.fixture
def written(tmp_path):
    words = build_vocabulary(records(TOY), 2)
    write_tokens(tmp_path / "tokens.h5", records(TOY), words, 3)
    return tmp_path / "tokens.h5"


def test_vocabulary_is_of_the_training_split_only_and_sorted():
    assert build_vocabulary(records(TOY), 2) == [*SPECIAL, "a", "cat", "dog", "red"]
    assert build_vocabulary(records(TOY), 1)[-3:] == ["red", "one", "runs"]


def test_a_minimum_that_leaves_no_word_is_an_error():
    with pytest.raises(
        GxnError, match=r"^vocabulary\.min_count: no word occurs 9 times in the training split; lower it$"
    ):
        build_vocabulary(records(TOY), 9)


def test_more_words_than_ids_are_an_error():
    most = 2**16 - len(SPECIAL)
    words = " ".join(map(str, range(most)))
    assert len(build_vocabulary(records({"train": [[words]]}), 1)) == 2**16
    with pytest.raises(
        GxnError, match=rf"^vocabulary\.min_count: {most + 1} words .* more than {most}; raise it$"
    ):
        build_vocabulary(records({"train": [[words, "more"]]}), 1)


def test_captions_come_back_cut_and_with_unknown_words(written):
    captions = read_tokens(written, "train")
    texts = [
        " ".join(captions.words[token] for token in captions.tokens[first:last])
        for first, last in zip(captions.offsets[:-1], captions.offsets[1:], strict=True)
    ]
    assert texts == ["a red dog", "a dog", "a cat", "<unk> red cat"]
    assert captions.caption_image.tolist() == [0, 0, 1, 1]
    assert captions.imgid.tolist() == [100, 101]
    assert read_tokens(written, "test").sentid.tolist() == [6, 7]


def test_a_word_spelt_like_a_special_one_is_unknown():
    arrays = encode(records({"train": [["<eos> <pad> a"]]}), [*SPECIAL, "a"], 9)
    assert arrays["tokens"].tolist() == [UNK, UNK, 4]


@given(
    st.lists(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1), min_size=1), min_size=1),
    st.integers(1, 4),
)
def test_offsets_delimit_what_went_in(images, longest):
    made = records({"train": [[" ".join(words) for words in image] for image in images]})
    arrays = encode(made, [*SPECIAL, *"abcdef"], longest)
    flat = [words for image in images for words in image]
    assert len(arrays["offsets"]) == len(flat) + 1
    for row, words in enumerate(flat):
        first, last = arrays["offsets"][row : row + 2]
        assert ["abcdef"[token - 4] for token in arrays["tokens"][first:last]] == words[:longest]


def test_same_captions_give_the_same_bytes(tmp_path, written):
    write_tokens(tmp_path / "again.h5", records(TOY), build_vocabulary(records(TOY), 2), 3)
    assert (tmp_path / "again.h5").read_bytes() == written.read_bytes()


DAMAGE = {
    "tokens must be ids": ("train/tokens", 0, 99),
    "offsets must rise": ("train/offsets", 1, 0),
    "caption_image must name every image": ("train/caption_image", 3, 0),
    "imgid contains an id twice": ("train/imgid", 1, 100),
    "sentid contains an id twice": ("train/sentid", 1, 0),
    "does not match the hash": ("words", -3, ord("q")),
}


@pytest.mark.parametrize("message", DAMAGE)
def test_damage_is_found(written, message):
    name, row, value = DAMAGE[message]
    with edited(written) as file:
        file[name][row] = value
    with pytest.raises(GxnError, match=message) as caught:
        read_tokens(written, "train")
    assert str(written) in str(caught.value)


def test_a_split_that_is_not_there_is_refused(written):
    with pytest.raises(GxnError, match="no split 'dev'"):
        read_tokens(written, "dev")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "no list 'words'"),
        ({"words": ["a"]}, "must begin with <pad>"),
        ({"words": [*SPECIAL, "a", "a"]}, "twice"),
    ],
)
def test_a_wrong_vocabulary_is_refused(tmp_path, value, message):
    write_json(tmp_path / "v.json", value)
    with pytest.raises(GxnError, match=message):
        read_vocabulary(tmp_path / "v.json")


def test_no_token_is_special(written):
    for split in ("train", "val", "test"):
        assert np.min(read_tokens(written, split).tokens) >= UNK
