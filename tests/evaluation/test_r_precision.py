"""R-precision: answers by hand, chance and ties."""

import numpy as np
import pytest

from gxn.errors import GxnError
from gxn.evaluation.r_precision import r_precision


def test_own_captions_are_found() -> None:
    embeddings = np.eye(120)
    found = r_precision(embeddings, embeddings)
    assert found.value == 1 and found.chance == 1 / 100
    assert r_precision(embeddings, np.roll(embeddings, 1, axis=0)).value < 0.02


def test_by_hand_with_all_captions() -> None:
    scores = np.array([[3.0, 1, 2], [5, 4, 4], [2, 2, 2]])  # found; not found; one of three that tie
    found = r_precision(np.eye(3), np.eye(3), similarity=lambda images, captions: scores)
    assert found.value == pytest.approx((1 + 0 + 1 / 3) / 3) and found.chance == pytest.approx(1 / 3)


def test_equal_embeddings_are_at_chance() -> None:
    found = r_precision(np.ones((150, 4)), np.ones((150, 4)))
    assert found.value == pytest.approx(found.chance) == pytest.approx(0.01)


def test_sampled_candidates_agree_with_the_expectation() -> None:
    # every picture's own caption is beaten by exactly 3 of the 39 others
    count = 40
    scores = np.zeros((count, count))
    for row in range(count):
        scores[row, row] = 1
        scores[row, (row + np.arange(1, 4)) % count] = 2
    values = [
        r_precision(scores, scores, similarity=lambda images, _: images, candidates=10, seed=seed).value
        for seed in range(20)
    ]
    expected = np.prod([(36 - drawn) / (39 - drawn) for drawn in range(9)])
    assert np.mean(values) == pytest.approx(expected, abs=0.05)
    assert len(set(values)) > 1


def test_bad_input_is_named() -> None:
    for images, captions in (
        (np.ones((3, 2)), np.ones((4, 2))),
        (np.ones(3), np.ones(3)),
        (np.ones((1, 2)),) * 2,
    ):
        with pytest.raises(GxnError, match="give"):
            r_precision(images, captions)
    with pytest.raises(GxnError, match="not finite"):
        r_precision(np.full((3, 2), np.nan), np.ones((3, 2)))
