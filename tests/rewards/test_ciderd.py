"""CIDEr-D against pycocoevalcap's scorer (which computes CIDEr-D under the name CIDEr)."""

import tracemalloc

import numpy as np
import pytest
from pycocoevalcap.cider.cider_scorer import CiderScorer

from gxn.datasets.tokens import Captions
from gxn.errors import GxnError
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import build_frequencies

EOS = 2


def captions(rng, images=40, words=30, longest=12) -> Captions:
    """Random captions, 1 to 7 for each image, with many repeated words."""
    caption_image = np.repeat(np.arange(images), rng.integers(1, 8, images))
    lengths = rng.integers(1, longest + 1, len(caption_image))
    tokens = 3 + np.minimum(rng.geometric(0.15, lengths.sum()), words - 4).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    names = tuple(map(str, range(words)))
    return Captions(
        tokens, offsets, np.arange(images), caption_image, np.arange(len(lengths)), names, "of the words"
    )


def sentences(split: Captions, image: int) -> list[str]:
    chosen = np.flatnonzero(split.caption_image == image)
    rows = (split.tokens[split.offsets[c] : split.offsets[c + 1]] for c in chosen)
    return [" ".join([*map(str, row), str(EOS)]) for row in rows]


def reference_scores(train: Captions, split: Captions, images, hypotheses) -> list[float]:
    """Pycocoevalcap's formula with the document frequencies of `train`."""
    scorer = CiderScorer()
    for image in range(len(train.imgid)):
        scorer += (None, sentences(train, image))
    scorer.compute_doc_freq()
    frequency = scorer.document_frequency
    scorer = CiderScorer()
    for image, row in zip(images, hypotheses, strict=True):
        row = row.tolist()
        row = row[: row.index(EOS) + 1] if EOS in row else [word for word in row if word]
        scorer += (" ".join(map(str, row)), sentences(split, image))
    scorer.document_frequency = frequency
    # Its IDF takes the number of documents from the batch: give it that of the training split.
    padded = list(scorer.crefs)
    scores = []
    for test, references in zip(scorer.ctest, padded, strict=True):
        scorer.ctest, scorer.crefs = [test], _Sized([references], len(train.imgid))
        scores += scorer.compute_cider()
    return scores


class _Sized(list):
    """A list that claims another length."""

    def __init__(self, items, length: int) -> None:
        super().__init__(items)
        self.length = length

    def __len__(self) -> int:
        return self.length


def hypotheses_of(rng, split: Captions, number: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and rows: parts of true captions, with EOS or cut off, and rubbish after the EOS."""
    images = rng.integers(0, len(split.imgid), number)
    rows = np.zeros((number, longest), np.int64)
    for row, image in zip(rows, images, strict=True):
        caption = rng.choice(np.flatnonzero(split.caption_image == image))
        words = split.tokens[split.offsets[caption] : split.offsets[caption + 1]].copy()
        words[rng.random(len(words)) < 0.3] = rng.integers(3, 60)
        words = np.concatenate([words, [EOS], rng.integers(0, 9, 2)])[:longest]
        row[: len(words)] = words
    return images, rows


def test_equals_pycocoevalcap():
    rng = np.random.default_rng(0)
    train = captions(rng)
    reward = CiderD(train.tokens, train.offsets, train.caption_image, build_frequencies(train))
    images, rows = hypotheses_of(rng, train, 200, 11)
    rows[:3] = 0
    rows[0, 0], rows[1, :4] = (
        EOS,
        (7, 7, 7, 7),
    )  # says nothing; repeats itself without an end; says nothing at all
    expected = reference_scores(train, train, images, rows)
    np.testing.assert_allclose(reward.score(images, rows), expected, rtol=1e-9, atol=1e-12)
    assert max(expected) > 1


def test_equals_pycocoevalcap_on_another_split():
    """N-grams that no training caption holds have the IDF of a single document."""
    rng = np.random.default_rng(1)
    train, other = captions(rng), captions(rng, images=10, words=60)
    reward = CiderD(other.tokens, other.offsets, other.caption_image, build_frequencies(train))
    images, rows = hypotheses_of(rng, other, 50, 14)
    expected = reference_scores(train, other, images, rows)
    np.testing.assert_allclose(reward.score(images, rows.astype(np.int32)), expected, rtol=1e-9, atol=1e-12)


def test_the_only_reference_scores_ten():
    train = captions(np.random.default_rng(2))
    own = train.tokens[train.offsets[0] : train.offsets[1]]
    reward = CiderD(own, np.array([0, len(own)]), np.array([0]), build_frequencies(train))
    said = np.concatenate([own, [EOS, 0]])[None]
    assert reward.score(np.array([0]), said)[0] == pytest.approx(10)


def test_memory_does_not_grow():
    rng = np.random.default_rng(3)
    train = captions(rng)
    reward = CiderD(train.tokens, train.offsets, train.caption_image, build_frequencies(train))
    images, rows = np.zeros(64, np.int64), rng.integers(3, 60_000, (64, 10))
    reward.score(images, rows)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(50):
        reward.score(images, rng.integers(3, 60_000, (64, 10)))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 10_000


@pytest.mark.parametrize("row", [[3, -1, 2], [3, 1 << 16, 2]])
def test_refuses_ids_it_cannot_pack(row):
    train = captions(np.random.default_rng(4))
    reward = CiderD(train.tokens, train.offsets, train.caption_image, build_frequencies(train))
    with pytest.raises(GxnError, match="word ids"):
        reward.score(np.array([0]), np.array([row]))


@pytest.mark.parametrize("images", [[40], [-1], [0, 1]])
def test_refuses_images_without_references(images):
    train = captions(np.random.default_rng(5))
    reward = CiderD(train.tokens, train.offsets, train.caption_image, build_frequencies(train))
    with pytest.raises(GxnError, match="image_index"):
        reward.score(np.array(images), np.array([[3, 2]]))
