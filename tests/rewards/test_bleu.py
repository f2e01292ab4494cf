"""BLEU-4 against pycocoevalcap's scorer, sentence by sentence."""

import itertools

import numpy as np
import pytest
from pycocoevalcap.bleu.bleu_scorer import BleuScorer

from gxn.errors import GxnError
from gxn.rewards.bleu import Bleu4

PAD, EOS = 0, 2


def reward_of(images: list[list[list[int]]]) -> Bleu4:
    """The scorer of the references of each image, given without EOS."""
    references = list(itertools.chain(*images))
    tokens = np.array(list(itertools.chain(*references)), np.int32)
    caption_image = np.repeat(np.arange(len(images)), list(map(len, images)))
    return Bleu4(tokens, np.cumsum([0, *map(len, references)]), caption_image)


def reference_scores(images: list[list[list[int]]], image_index, rows) -> list[float]:
    """Pycocoevalcap's scores; words are numbers, EOS included."""
    scorer = BleuScorer()
    for image, row in zip(image_index, rows, strict=True):
        words = list(itertools.takewhile(lambda word: word not in (PAD, EOS), row))
        words += [EOS] if EOS in row[len(words) : len(words) + 1] else []
        references = [" ".join(map(str, [*reference, EOS])) for reference in images[image]]
        scorer += (" ".join(map(str, words)), references)
    return scorer.compute_score(option="closest")[1][3]


def padded(*hypotheses: list[int], width: int = 12) -> np.ndarray:
    return np.array([row + [PAD] * (width - len(row)) for row in hypotheses])


def test_equals_pycocoevalcap():
    """1 to 6 references of 1 to 12 words; hypotheses are altered references, some cut off, rubbish after EOS."""
    rng = np.random.default_rng(0)
    images = [
        [rng.integers(3, 12, rng.integers(1, 13)).tolist() for _ in range(rng.integers(1, 7))]
        for _ in range(40)
    ]
    image_index = rng.integers(0, len(images), 400)
    rows = np.zeros((400, 11), np.int64)
    for row, image in zip(rows, image_index, strict=True):
        words = np.array(images[image][rng.integers(len(images[image]))])
        words[rng.random(len(words)) < 0.2] = rng.integers(3, 14)
        words = np.concatenate([words, [rng.choice([EOS, PAD])], rng.integers(0, 9, 4)])[:11]
        row[: len(words)] = words
    expected = reference_scores(images, image_index, rows)
    assert np.ptp(expected) > 0.9
    scores = reward_of(images).score(image_index, rows.astype(np.int32))
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize(
    ("references", "row"),
    [
        pytest.param([[5, 6, 7, 8]], [5, 6, EOS], id="fewer than four words"),
        pytest.param([[5, 6, 7, 8]], [EOS], id="nothing but EOS"),
        pytest.param([[5, 6, 7, 8]], [], id="nothing at all"),
        pytest.param([[5, 6, 7, 8]], [PAD, 5, 6, 7, 8, EOS], id="words after PAD"),
        pytest.param([[5, 6, 7, 8]], [9, 10, 11, 12, 13], id="no overlap"),
        pytest.param([[5, 6, 7, 8]], [5, 6, 7, 8], id="EOS missing"),
        pytest.param([[5, 6, 7, 8], [5, 5, 9]], [5, 5, 5, 5, 5, 6, 7, 8, EOS], id="repeated words"),
        pytest.param([[5, 6, 7, 8, 9, 10], [5, 6]], [5, 6, 7, 8, EOS], id="as close, longer first"),
        pytest.param([[5, 6], [5, 6, 7, 8, 9, 10]], [5, 6, 7, 8, EOS], id="as close, shorter first"),
        pytest.param([[5, 6, 7, 8, 9, 10, 11], [5, 6]], [5, 6, 7, 8, EOS], id="shorter is closer"),
        pytest.param([[5, 6, 7, 8, 9], [5]], [5, 6, 7, 8, EOS], id="longer is closer"),
    ],
)
def test_equals_pycocoevalcap_at_the_edges(references, row):
    """The references of another image stand before and after those of this one."""
    images = [[[9, 10, 11, 12]], references, [[5, 6, 7, 8, 9]]]
    rows = padded(row)
    expected = reference_scores(images, [1], rows)
    np.testing.assert_allclose(reward_of(images).score(np.array([1]), rows), expected, rtol=1e-9, atol=0)


def test_the_only_reference_scores_one():
    scores = reward_of([[[5, 6, 7, 8]]]).score(np.array([0]), padded([5, 6, 7, 8, EOS, 9]))
    assert scores[0] == pytest.approx(1)


def test_eos_is_a_word():
    """Without it, all of `5 6 7 8` is right but one word is missing."""
    scores = reward_of([[[5, 6, 7, 8]]]).score(np.array([0]), padded([5, 6, 7, 8]))
    assert scores[0] == pytest.approx(np.exp(1 - 5 / 4))


@pytest.mark.parametrize("row", [[3, -1, 2], [3, 1 << 16, 2]])
def test_refuses_ids_it_cannot_pack(row):
    with pytest.raises(GxnError, match="word ids"):
        reward_of([[[5, 6]]]).score(np.array([0]), np.array([row]))


@pytest.mark.parametrize("word", [0, 1 << 16])
def test_refuses_references_it_cannot_pack(word):
    with pytest.raises(GxnError, match=r"n-grams.*vocabulary\.min_count"):
        reward_of([[[5, word]]])


@pytest.mark.parametrize("images", [[2], [-1], [0, 1]])
def test_refuses_images_without_references(images):
    with pytest.raises(GxnError, match="image_index"):
        reward_of([[[5, 6]], [[5, 7]]]).score(np.array(images), np.array([[3, 2]]))
