"""Ranks against the definition, on ties, unequal captions, several spaces; and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxn.errors import GxnError
from gxn.evaluation.ranks import Ranks, ranks
from gxn.kernels import ranks as on_cpu
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
def test_equals_definition(similarity, noise):
    weights = [0.3, 0.7]
    images, texts, owners = embeddings(0, 37, 150, (20, 65), noise)
    expected = naive(scores_of(images, texts, similarity, weights), owners)
    assert same(ranks(images, texts, owners, similarity, weights), expected)


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
        (lambda images, texts, owners: owners.__setitem__(0, 5), "caption_to_image"),
        (lambda images, texts, owners: owners.__setitem__(0, -1), "caption_to_image"),
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


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("weight", [-1.0, 0.0, float("nan")])
def test_refuses_weights_that_would_rank_every_true_pair_first(similarity, weight):
    images, texts, owners = embeddings(7, 5, 12, (8,), 0.5)
    with pytest.raises(GxnError, match="weights of the spaces"):
        ranks(images, texts, owners, similarity, [weight])


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_refuses_scores_that_vanish(similarity):
    """They would tie, and all queries rank in the middle."""
    images, texts, owners = embeddings(7, 5, 12, (8,), 0.5)
    small = [[space * np.float32(1e-20) for space in side] for side in (images, texts)]
    with pytest.raises(GxnError, match="vanish in float32"):
        ranks(*small, owners, similarity, [1.0])


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_refuses_a_true_score_that_is_not_finite(similarity, monkeypatch):
    images, texts, owners = embeddings(7, 5, 12, (8,), 0.5)
    count = on_cpu.count_rivals

    def with_nan(*arguments):
        found = count(*arguments)
        found.positive[1][3] = np.nan
        return found

    monkeypatch.setattr(on_cpu, "count_rivals", with_nan)
    with pytest.raises(GxnError, match="true pair is not finite"):
        ranks(images, texts, owners, similarity, [1.0])
