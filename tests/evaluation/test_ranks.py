"""Ranks against the definition, on ties, unequal captions, several spaces; and what is refused."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxn.errors import GxnError
from gxn.evaluation import screening
from gxn.evaluation.ranks import Ranks, ranks
from gxn.losses.kernels_cpu import IMAGES, LANES, TEXTS, packed, score_pairs, score_tiles
from gxn.similarities import SIMILARITIES


def scores_of(images, texts, similarity, weights) -> np.ndarray:
    """All scores by the formula, in float64."""
    total = 0.0
    for image, text, weight in zip(images, texts, weights, strict=True):
        image, text = image.astype(np.float64), text.astype(np.float64)
        gap = text[None] - image[:, None]
        violation = (np.maximum(-gap if "reversed" in similarity else gap, 0) ** 2).sum(-1)
        if similarity.endswith("root"):
            violation = np.sqrt(violation)
        score = image @ text.T if similarity == "cosine" else -violation
        total = total + weight * score
    return total


def naive(scores: np.ndarray, owners: np.ndarray) -> Ranks:
    """The definition, query by query."""
    i2t, t2i, tied = np.zeros(scores.shape[0]), np.zeros(scores.shape[1]), 0
    for image, row in enumerate(scores):
        best, others = row[owners == image].max(), row[owners != image]
        i2t[image] = 1 + (others > best).sum() + (others == best).sum() / 2
        tied += (others == best).any()
    for caption, column in enumerate(scores.T):
        true, others = column[owners[caption]], np.delete(column, owners[caption])
        t2i[caption] = 1 + (others > true).sum() + (others == true).sum() / 2
        tied += (others == true).any()
    return Ranks(i2t, t2i, tied / sum(scores.shape))


def same(left: Ranks, right: Ranks) -> bool:
    return (left.i2t == right.i2t).all() and (left.t2i == right.t2i).all() and left.tied == right.tied


def embeddings(seed: int, images: int, captions: int, widths, noise: float):
    """Captions near their images; every image has one at least."""
    rng = np.random.default_rng(seed)
    owners = np.concatenate([np.arange(images), rng.integers(0, images, captions - images)])
    owners = rng.permutation(owners)
    seen = [np.abs(rng.standard_normal((images, width))).astype(np.float32) for width in widths]
    said = [each[owners] + noise * rng.standard_normal((captions, each.shape[1])) for each in seen]
    return seen, [np.abs(each).astype(np.float32) for each in said], owners


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("noise", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("prune", [True, False])
def test_equals_definition(similarity, noise, prune):
    weights = [0.3, 0.7]
    images, texts, owners = embeddings(0, 37, 150, (20, 65), noise)
    expected = naive(scores_of(images, texts, similarity, weights), owners)
    assert same(ranks(images, texts, owners, similarity, weights, prune), expected)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6), images=st.integers(2, 12), more=st.integers(0, 20), width=st.integers(1, 40)
)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_equals_definition_with_ties(similarity, seed, images, more, width):
    """Embeddings of small integers: scores are exact in float32, and many of them the same."""
    rng = np.random.default_rng(seed)
    owners = rng.permutation(np.concatenate([np.arange(images), rng.integers(0, images, more)]))
    seen = rng.integers(0, 3, (images, width)).astype(np.float32)
    said = rng.integers(0, 3, (len(owners), width)).astype(np.float32)
    seen[0], seen[1], said[0], said[-1] = 0, 1, 2, 1  # never all the same
    found = ranks([seen], [said], owners, similarity, [1.0])
    assert same(found, naive(scores_of([seen], [said], similarity, [1.0]), owners))


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_doubled_images_tie(similarity):
    """The copy of an image scores the same bits wherever it stands, so that each caption has a tie."""
    images, texts, owners = embeddings(1, 70, 300, (100,), 0.5)
    twice = [np.concatenate([images[0], images[0]])]
    again = [np.concatenate([texts[0], texts[0]])]
    found = ranks(twice, again, np.concatenate([owners, owners + 70]), similarity, [1.0])
    once = ranks(images, texts, owners, similarity, [1.0])
    assert found.tied == 1
    np.testing.assert_array_equal(found.t2i[:300], 1 + 2 * (once.t2i - 1) + 0.5)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_order_of_images_is_of_no_matter(similarity):
    images, texts, owners = embeddings(2, 110, 600, (33,), 1.0)
    shuffled = np.random.default_rng(0).permutation(110)
    found = ranks([images[0][shuffled]], texts, np.argsort(shuffled)[owners], similarity, [1.0])
    straight = ranks(images, texts, owners, similarity, [1.0])
    np.testing.assert_array_equal(found.i2t, straight.i2t[shuffled])
    np.testing.assert_array_equal(found.t2i, straight.t2i)


@pytest.mark.parametrize("similarity", ["order", "order_reversed"])
@pytest.mark.parametrize(
    ("outlier", "factor"), [(1, 1), (30, 1), (1e6, 1), (1, 1e-21), (1, 1e-23), (1, 1e-30)]
)
def test_pruned_equals_brute_force(similarity, outlier, factor):
    """Several blocks, signs mixed, a value that would ruin the rounding to bytes, squares that underflow."""
    images, texts, owners = embeddings(3, 530, 1100, (150,), 0.8)
    texts[0][7, 3] *= -outlier
    images[0][5, 3] *= outlier
    images[0][:, 9] -= 2
    images, texts = ([np.float32(factor) * side[0]] for side in (images, texts))
    brute = ranks(images, texts, owners, similarity, [1.0], prune=False)
    assert same(ranks(images, texts, owners, similarity, [1.0]), brute)
    assert brute.t2i.max() > 10


def test_screen_drops_most_pairs(monkeypatch):
    """Of a good model few pairs are computed in full."""
    images, texts, owners = embeddings(4, 200, 1000, (256,), 0.1)
    true = (np.maximum(texts[0] - images[0][owners], 0) ** 2).sum(1)
    rows = [np.zeros((len(each), 272), np.float32) for each in (images[0], texts[0])]
    rows[0][:, :256], rows[1][:, :256] = images[0], texts[0]
    best = np.full(200, np.inf, np.float32)
    np.minimum.at(best, owners, true)
    left = screening.screen(*rows, best, true)
    gap = np.maximum(left.rounded[1][:1000].astype(int)[None] - left.rounded[0][:200].astype(int)[:, None], 0)
    kept = (gap**2).sum(-1) <= np.maximum(left.limits[0][:200, None], left.limits[1][None, :1000])
    violations = -scores_of(images, texts, "order", [1.0])
    assert kept[violations <= np.maximum(best[:, None], true[None])].all()
    assert kept.mean() < 0.05


def test_bytes_are_squared_the_same_without_the_instructions(monkeypatch):
    """Processors without products of bytes take another way to the same integers."""
    import numba

    monkeypatch.setattr(screening, "INSTRUCTIONS", frozenset())
    images, texts, owners = embeddings(5, 40, 90, (70,), 0.5)
    plain = numba.njit(screening.count_screened.py_func)
    expected = ranks(images, texts, owners, "order", [1.0])
    monkeypatch.setattr("gxn.evaluation.ranks.count_screened", plain)
    assert same(ranks(images, texts, owners, "order", [1.0]), expected)


@pytest.mark.parametrize("order", [True, False])
@pytest.mark.parametrize("width", [16, 48, 1040])
def test_a_score_is_the_sum_of_sixteen_lanes(order, width):
    """To the bit, whatever the machine's vectors. A step is exact in float64, and rounded once, as if fused."""
    rng = np.random.default_rng(0)
    images, texts = (rng.integers(-2048, 2048, (rows, width)).astype(np.float32) for rows in (16, 24))
    lanes = np.zeros((16, 24, LANES), np.float32)
    for start in range(0, width, LANES):
        image, text = (each[:, start : start + LANES].astype(np.float64) for each in (images, texts))
        step = -(np.maximum(text - image[:, None], 0) ** 2) if order else image[:, None] * text
        lanes = (lanes + step).astype(np.float32)
    while lanes.shape[-1] > 1:
        lanes = lanes[..., ::2] + lanes[..., 1::2]
    found = np.full((16, 28), np.nan, np.float32)
    score_tiles(order, packed(images, IMAGES), packed(texts, TEXTS), found)
    np.testing.assert_array_equal(found[:, :24], lanes[..., 0])
    assert np.isnan(found[:, 24:]).all()
    rows, columns = (rng.integers(0, each, 32) for each in lanes.shape[:2])
    scores = np.full(32, np.nan, np.float32)
    score_pairs(order, images, texts, rows, columns, scores)
    np.testing.assert_array_equal(scores, lanes[rows, columns, 0])


@pytest.mark.slow
def test_kernels_do_without_the_hosts_instructions():
    """As where numba is told to compile for any processor."""
    code = """
import numpy as np
from gxn.evaluation.ranks import ranks
rows = np.eye(9, dtype="f")
print(ranks([rows], [rows / 2], np.arange(9), "order", [1.0]).i2t.sum())
"""
    environment = os.environ | {"NUMBA_CPU_NAME": "generic"}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert found.stdout == "9.0\n", found.stderr


def test_a_single_image_ranks_first():
    found = ranks(
        [np.ones((1, 3), np.float32)], [np.eye(3, dtype=np.float32)], np.zeros(3, int), "order", [1.0]
    )
    assert found.i2t.tolist() == [1] and found.t2i.tolist() == [1, 1, 1] and found.tied == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda images, texts, owners: images.__setitem__((3, 2), np.nan), "row 3 is not finite"),
        (lambda images, texts, owners: texts.__setitem__((4, 0), np.inf), "row 4 is not finite"),
        (lambda images, texts, owners: texts.__setitem__((4, 0), 1e25), "not finite in float32"),
        (lambda images, texts, owners: images.__setitem__(slice(None), 0.5), "image embeddings: all 5"),
        (
            lambda images, texts, owners: texts.__setitem__(slice(None), texts[0]),
            "caption embeddings: all 12",
        ),
        (lambda images, texts, owners: owners.__setitem__(owners == 2, 1), "image row 2 has no caption"),
        (lambda images, texts, owners: owners.__setitem__(0, 5), "caption_image"),
        (lambda images, texts, owners: owners.__setitem__(0, -1), "caption_image"),
    ],
)
def test_refuses(change, message):
    images, texts, owners = embeddings(6, 5, 12, (8,), 0.5)
    change(images[0], texts[0], owners)
    with pytest.raises(GxnError, match=message):
        ranks(images, texts, owners, "order", [1.0])


def test_refuses_an_unknown_similarity():
    images, texts, owners = embeddings(7, 5, 12, (8,), 0.5)
    with pytest.raises(GxnError, match="euclid"):
        ranks(images, texts, owners, "euclid", [1.0])
