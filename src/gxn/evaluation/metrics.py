"""Numbers from ranks: recalls, median rank, their sum, and what chance would give."""

from collections.abc import Sequence

import numpy as np

RECALLS = (1, 5, 10)
DIRECTIONS = ("i2t", "t2i")
RECALL_COLUMNS = tuple(f"{way}_r{k}" for way in DIRECTIONS for k in RECALLS)  # the six that rsum adds up


def recall(ranks: np.ndarray, k: float) -> float:
    """R@K in percent: the share of queries whose rank (1-based, ties half) is at most K."""
    return 100.0 * int(np.count_nonzero(ranks <= k)) / len(ranks)


def summary(ranks: np.ndarray, floor: bool) -> dict[str, float]:
    """R@1, R@5, R@10 in percent, and MedR, of ranks (Q,).

    `floor`: MedR is the floor of the median rank (VSE++), else the median itself.
    """
    numbers = {f"r{k}": recall(ranks, k) for k in RECALLS}
    median = float(np.median(ranks))
    return numbers | {"medr": float(np.floor(median)) if floor else median}


def mean(summaries: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each number over folds."""
    return {key: float(np.mean([numbers[key] for numbers in summaries])) for key in summaries[0]}


def rsum(i2t: dict[str, float], t2i: dict[str, float]) -> float:
    """The sum of the six recalls, added from left to right: exactly what the six numbers beside it give."""
    return sum(direction[f"r{k}"] for direction in (i2t, t2i) for k in RECALLS)


def recall_curve(ranks: np.ndarray, depth: int) -> np.ndarray:
    """R@K in percent for K = 1 to `depth`, (depth,) float64."""
    counts = np.searchsorted(np.sort(ranks), np.arange(1, depth + 1), side="right")
    return 100.0 * counts / len(ranks)


def chance_t2i(images: int, depth: int) -> np.ndarray:
    """R@K in percent, K = 1 to `depth`, of a random order of `images` images: (depth,) float64."""
    return 100.0 * np.minimum(np.arange(1, depth + 1) / images, 1.0)


def chance_i2t(captions_per_image: np.ndarray, depth: int) -> np.ndarray:
    """R@K in percent, K = 1 to `depth`, of a random order of the captions: (depth,) float64.

    An image with c of the M captions misses all of them in K draws with the probability
    prod_{j<K} (M - c - j) / (M - j); the result is the mean over images, captions_per_image (N,).
    """
    total = int(captions_per_image.sum())
    counts, images = np.unique(captions_per_image, return_counts=True)
    drawn = np.arange(depth)
    left = np.maximum(total - drawn, 1)
    misses = np.maximum(total - counts[:, None] - drawn, 0) / left  # (different counts, depth)
    hits = 1.0 - np.cumprod(misses, axis=1)
    return 100.0 * (images[:, None] * hits).sum(axis=0) / images.sum()
