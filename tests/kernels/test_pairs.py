"""The loops over pairs against NumPy's formulas, and the promise that a pair has one score wherever it stands."""

import os
import subprocess
import sys

import numpy as np
import pytest

from gxn.kernels.pairs import DEPTH, add_excesses, count_above, products, transposed, violations


def sides(images: int, texts: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(images + texts)
    return rng.standard_normal((images, width), np.float32), rng.standard_normal((texts, width), np.float32)


def scores(loop, images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    images = np.pad(images, ((0, 0), (0, -images.shape[1] % DEPTH)))
    out = np.full((len(images), len(texts)), np.nan, np.float32)
    loop(images, transposed(texts), out)
    return out


SHAPES = [(1, 1, 1), (5, 40, 8), (4, 3, 33), (97, 130, 70)]


@pytest.mark.parametrize(("images", "texts", "width"), SHAPES)
def test_scores_are_those_of_the_formulas(images, texts, width):
    image, text = sides(images, texts, width)
    gaps = text[None].astype(np.float64) - image[:, None]
    expected = -(np.maximum(gaps, 0) ** 2).sum(2)
    np.testing.assert_allclose(scores(violations, image, text), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(scores(products, image, text), image @ text.T, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("loop", [violations, products])
def test_a_score_has_the_same_bits_wherever_it_is_computed(loop):
    """So that equal images tie exactly; a block's shape decides which pairs are computed by vectors."""
    images, texts = sides(37, 161, 300)
    whole = scores(loop, images, texts)
    for rows, columns in (
        (slice(3, 4), slice(None)),
        (slice(4, 37), slice(150, 153)),
        (slice(36, 37), slice(7, 8)),
    ):
        np.testing.assert_array_equal(scores(loop, images[rows], texts[columns]), whole[rows, columns])


@pytest.mark.parametrize("side", [0, 1])
def test_nan_makes_a_violation_nan(side):
    given = sides(3, 70, 9)
    given[side][2, 5] = np.nan
    expected = np.zeros((3, 70), bool)
    expected[(2, slice(None)) if side == 0 else (slice(None), 2)] = True
    np.testing.assert_array_equal(np.isnan(scores(violations, *given)), expected)


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(("rows", "others", "width"), SHAPES)
def test_excesses_are_added_to_the_chosen_rows(rows, others, width, share):
    own, other = sides(rows, others, width)
    rng = np.random.default_rng(0)
    slopes = rng.standard_normal((rows, others), np.float32) * (rng.random((rows, others)) < share)
    out = np.ones_like(own)
    begin, end = min(1, rows - 1), rows
    add_excesses(own, other, slopes, begin, end, out)
    expected = 1 + (slopes[:, :, None] * np.maximum(other[None] - own[:, None], 0)).sum(1)
    expected[:begin] = 1
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)


def test_counts_are_added_to_those_before():
    rng = np.random.default_rng(0)
    given = rng.integers(0, 3, (7, 11)).astype(np.float32)
    limits = rng.integers(0, 3, 7).astype(np.float32), rng.integers(0, 3, 11).astype(np.float32)
    higher, tied = ((np.ones(7, np.int64), np.ones(11, np.int64)) for _ in range(2))
    count_above(given, limits, higher, tied)
    np.testing.assert_array_equal(higher[0], 1 + (given > limits[0][:, None]).sum(1))
    np.testing.assert_array_equal(higher[1], 1 + (given > limits[1]).sum(0))
    np.testing.assert_array_equal(tied[0], 1 + (given == limits[0][:, None]).sum(1))
    np.testing.assert_array_equal(tied[1], 1 + (given == limits[1]).sum(0))


@pytest.mark.slow
def test_loops_compile_for_any_processor():
    """Without the host's instructions: no vectors of AVX, no fused multiply-add."""
    code = """
import numpy as np
from gxn.evaluation.ranks import ranks
rows = np.eye(9, dtype="f")
print(ranks([rows], [rows / 2], np.arange(9), "order", [1.0]).i2t.sum())
"""
    environment = os.environ | {"NUMBA_CPU_NAME": "generic"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert run.stdout == "9.0\n", run.stderr
