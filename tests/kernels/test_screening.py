"""The screen on bytes keeps every pair that can matter, whatever the embeddings, and little else."""

import os
import subprocess
import sys

import numpy as np
import pytest

from gxn.kernels import ranks, screening
from gxn.similarities import SIMILARITIES


def embeddings(kind, rng):
    """Images (21, 70) and texts (50, 70) float32."""
    images, texts = rng.random((21, 70), np.float32), rng.random((50, 70), np.float32)
    if kind == "outliers":
        images[3], texts[7] = -9, 9
    elif kind == "few levels":
        images, texts = np.round(images * 3), np.round(texts * 3)
    elif kind == "never":  # no text exceeds an image
        images += 2
    elif kind == "tiny":
        images, texts = images * np.float32(1e-20), texts * np.float32(1e-20)
    return images, texts


def violations(images, texts):
    """The formula, (N, M) in float64."""
    excess = np.maximum(texts.astype(np.float64) - images.astype(np.float64)[:, None], 0)
    return (excess**2).sum(2)


@pytest.mark.parametrize("kind", ["plain", "outliers", "few levels", "never", "tiny"])
def test_every_pair_within_a_limit_is_left(kind):
    rng = np.random.default_rng(0)
    images, texts = embeddings(kind, rng)
    true = violations(images, texts)
    limits = tuple(np.quantile(true, 0.1, axis=axis).astype(np.float32) for axis in (1, 0))
    screen = screening.screen(images, texts, limits, 1)
    left = np.zeros(true.shape, bool)
    for rows in (slice(0, 9), slice(9, 21)):
        found = screen.left(rows, slice(2, 50), true.size)
        left[found[0] + rows.start, found[1] + 2] = True
    matters = (true <= limits[0][:, None]) | (true <= limits[1])
    assert not (matters & ~left)[:, 2:].any()


def test_pairs_far_beyond_both_limits_are_ruled_out():
    """Rounding to steps of 1/127 takes less than a sixth from violations of this size."""
    images, texts = embeddings("plain", np.random.default_rng(1))
    true = violations(images, texts)
    limits = tuple(np.quantile(true, 0.1, axis=axis).astype(np.float32) for axis in (1, 0))
    found = screening.screen(images, texts, limits, 1).left(slice(0, 21), slice(0, 50), true.size)
    assert (true[*found] < 1.2 * np.maximum(limits[0][found[0]], limits[1][found[1]])).all()


def test_more_pairs_than_asked_for_are_not_listed():
    images, texts = embeddings("plain", np.random.default_rng(2))
    limits = np.full(21, 1e9, np.float32), np.full(50, 0, np.float32)
    screen = screening.screen(images, texts, limits, 1)
    assert screen.left(slice(0, 2), slice(0, 50), 99) is None
    assert screen.left(slice(0, 2), slice(0, 50), 100).shape == (2, 100)


@pytest.mark.parametrize("name", ["order", "order_root"])
@pytest.mark.parametrize("few", [0, 20, 10**6])
def test_counts_are_those_without_a_screen(name, few, monkeypatch):
    rng = np.random.default_rng(3)
    owners = rng.permutation(np.concatenate([np.arange(53), rng.integers(0, 53, 150)]))
    images = np.round(rng.random((53, 37), np.float32) * 8)  # with ties
    texts = np.maximum(images[owners] - np.round(3 * rng.random((203, 37), np.float32)), 0)
    monkeypatch.setattr(ranks, "FEW", few)
    screened = ranks.count_rivals([images], [texts], owners, SIMILARITIES[name], [1.0])
    monkeypatch.setattr(screening, "screen", lambda *arguments: None)
    expected = ranks.count_rivals([images], [texts], owners, SIMILARITIES[name], [1.0])
    for side in range(2):
        np.testing.assert_array_equal(screened.num_higher[side], expected.num_higher[side])
        np.testing.assert_array_equal(screened.num_tied[side], expected.num_tied[side])
    assert (expected.num_tied[0] > 1).any()


@pytest.mark.parametrize("features", ["", "+avx2"])
def test_other_processors_find_the_same_sums(features, tmp_path):
    if features and features not in screening.FEATURES:
        pytest.skip(f"this processor has no {features}")
    code = """
import numpy as np
from gxn.kernels import screening
rng = np.random.default_rng(0)
images, texts = (rng.integers(0, 128, (4, 64), np.uint8) for _ in range(2))
true = (np.maximum(texts.astype(int) - images.astype(int)[:, None], 0) ** 2).sum(2)
found = np.empty((2, 16), np.int64)
for limit in np.unique(true):
    limits = np.full(4, limit, np.int32), np.full(4, -1, np.int32)
    assert screening.left(images, texts, limits, found) == (true <= limit).sum()
print(screening.BYTES)
"""
    environment = {"NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["32"]
