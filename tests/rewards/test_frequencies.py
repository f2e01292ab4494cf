"""Document frequencies against sets of tuples, and their file."""

import collections
import subprocess
import sys

import numpy as np
import pytest

from gxn.datasets.captions import Record, Sentence
from gxn.datasets.tokens import Captions, read_tokens, write_tokens
from gxn.errors import GxnError
from gxn.rewards import frequencies
from gxn.rewards.frequencies import build_frequencies, read_frequencies, write_frequencies

EOS = 2


def captions() -> Captions:
    sentences = [[5, 6, 5, 6], [5], [6, 6, 6], [5, 6], [65_535, 9, 10, 11, 12]]
    tokens = np.array([word for sentence in sentences for word in sentence], np.int32)
    offsets = np.cumsum([0, *map(len, sentences)])
    images = np.array([0, 0, 1, 1, 2])
    return Captions(tokens, offsets, np.arange(3), images, np.arange(5), ("w",), "hash")


def naive(split: Captions) -> dict[tuple[int, ...], int]:
    documents = collections.defaultdict(set)
    for caption, image in enumerate(split.caption_image):
        words = [*split.tokens[split.offsets[caption] : split.offsets[caption + 1]].tolist(), EOS]
        for n in range(1, 5):
            for start in range(len(words) - n + 1):
                documents[tuple(words[start : start + n])].add(image)
    return {ngram: len(images) for ngram, images in documents.items()}


@pytest.mark.parametrize("images", [1, 2, 10_000])
def test_they_do_not_depend_on_how_many_images_are_counted_at_a_time(images, monkeypatch):
    monkeypatch.setattr(frequencies, "IMAGES", images)
    found = build_frequencies(captions())
    assert {unpack(key): count for key, count in zip(found.ngrams, found.counts, strict=True)} == naive(
        captions()
    )
    assert (np.diff(found.ngrams.astype(object)) > 0).all() and found.counts.dtype == np.int64


def unpack(key: int) -> tuple[int, ...]:
    words = [int(key) >> shift & 0xFFFF for shift in (48, 32, 16, 0)]
    return tuple(word for word in words if word)


def test_counts_equal_sets_of_tuples():
    found = build_frequencies(captions())
    assert found.documents == 3
    assert {unpack(key): count for key, count in zip(found.ngrams, found.counts, strict=True)} == naive(
        captions()
    )


def test_file_is_bound_to_the_words(tmp_path):
    found = build_frequencies(captions())
    write_frequencies(tmp_path / "df.h5", found, "hash")
    read = read_frequencies(tmp_path / "df.h5", "hash")
    assert (read.ngrams == found.ngrams).all() and (read.counts == found.counts).all()
    assert read.documents == 3
    with pytest.raises(GxnError, match="another vocabulary"):
        read_frequencies(tmp_path / "df.h5", "other words")


def test_refuses_words_beyond_sixteen_bits():
    split = captions()
    split.tokens[0] = 1 << 16
    with pytest.raises(GxnError, match=r"vocabulary\.min_count"):
        build_frequencies(split)


@pytest.mark.slow
def test_step(tmp_path):
    records = [
        Record("a.jpg", 0, "train", (Sentence(0, ("a", "red", "ball")),)),
        Record("b.jpg", 1, "val", (Sentence(1, ("a", "box")),)),
        Record("c.jpg", 2, "test", (Sentence(2, ("a", "box")),)),
    ]
    write_tokens(tmp_path / "t.h5", records, ["<pad>", "<bos>", "<eos>", "<unk>", "a", "red"], 30)
    command = [sys.executable, "-m", "gxn.steps.document_frequencies", "--tokens", tmp_path / "t.h5"]
    subprocess.run([*command, "--out", tmp_path / "df.h5"], check=True)
    split = read_tokens(tmp_path / "t.h5", "train")
    assert len(read_frequencies(tmp_path / "df.h5", split.vocabulary).ngrams) == 4 + 3 + 2 + 1
