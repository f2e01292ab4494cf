"""Paired bootstrap over queries and seeds: is a row better than its control?

Both rows answered the same queries, so differences are taken per query before anything is resampled. Images
are drawn, each with all its captions (captions of one image are not independent), and seeds are drawn too,
in pairs of equal seed.
"""

from dataclasses import dataclass

import numpy as np

from gxn.errors import GxnError
from gxn.evaluation.metrics import RECALL_COLUMNS, RECALLS
from gxn.evaluation.ranked import Ranked

METRICS = (*RECALL_COLUMNS, "rsum")
BLOCK = 200  # resamples drawn at a time


@dataclass(frozen=True)
class Difference:
    """Row less control in points of percent, with its 95 % interval and two-sided p value."""

    metric: str
    value: float
    low: float
    high: float
    p: float | None


def compare(row: list[Ranked], control: list[Ranked], resamples: int, seed: int) -> list[Difference]:
    """Compute differences of METRICS, means over seeds; captions of all folds are pooled.

    A row without a seed is compared with each seed of its control. With a single seed there is no p value:
    how much seeds differ is then unknown, and the bootstrap over images alone calls a run's luck significant.

    Raises:
        GxnError: the two were not run with the same seeds.
    """
    if [run.seed for run in row] == [None]:
        row = row * len(control)
    elif [run.seed for run in row] != [run.seed for run in control]:
        ours, theirs = ([run.seed for run in runs] for runs in (row, control))
        raise GxnError(f"{row[0].path}: {row[0].method} has seeds {ours}, its control {theirs}")
    gains = np.stack([_hits(one) - _hits(two) for one, two in zip(row, control, strict=True)])  # (S, N, 6)
    captions = np.bincount(row[0].caption_image, minlength=len(row[0].imgid))  # (N,)
    value = _statistic(gains.sum(axis=1), len(captions), captions.sum()).mean(axis=0)
    drawn = _resampled(gains, captions, resamples, np.random.default_rng(seed))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    side = np.minimum((drawn <= 0).sum(axis=0), (drawn >= 0).sum(axis=0))
    p = np.minimum(1.0, 2.0 * (side + 1) / (resamples + 1))
    p = p if len(control) > 1 else [None] * len(METRICS)
    return [Difference(*map(_plain, cells)) for cells in zip(METRICS, value, low, high, p, strict=True)]


def image_gains(row: list[Ranked], control: list[Ranked]) -> np.ndarray:
    """Compute the share (S, N) of each image in the difference in rsum: the mean over images is the difference.

    Args:
        row: runs of a row, or its one run where it has no seed.
        control: runs of its control, of equal seeds.
    """
    row = row * len(control) if len(row) == 1 else row
    gains = np.stack([_hits(one) - _hits(two) for one, two in zip(row, control, strict=True)])  # (S, N, 6)
    images, captions = len(row[0].imgid), len(row[0].sentid)
    return 100.0 * (gains[..., :3].sum(axis=-1) + gains[..., 3:].sum(axis=-1) * images / captions)


def holm(p: list[float]) -> list[float]:
    """P values of one family of comparisons, adjusted by Holm's step-down rule."""
    adjusted, worst = [0.0] * len(p), 0.0
    for place, index in enumerate(sorted(range(len(p)), key=lambda index: p[index])):
        worst = max(worst, min(1.0, (len(p) - place) * p[index]))
        adjusted[index] = worst
    return adjusted


def _plain(cell: str | np.floating | None) -> str | float | None:
    return cell if isinstance(cell, str | None) else float(cell)


def _hits(run: Ranked) -> np.ndarray:
    """Hits per image, (N, 6) float64: of itself as a query at K = 1, 5, 10, then summed over its captions."""
    columns = [(run.i2t <= k).astype(np.float64) for k in RECALLS]
    for k in RECALLS:
        columns.append(np.bincount(run.caption_image, run.t2i <= k, minlength=len(run.imgid)))
    return np.stack(columns, axis=1)


def _statistic(hits: np.ndarray, images: np.ndarray | int, captions: np.ndarray | int) -> np.ndarray:
    """Recalls and their sum in percent (..., 7) from summed hits (..., 6) of so many queries."""
    queries = np.stack(np.broadcast_arrays(*[images] * 3, *[captions] * 3), axis=-1)
    recalls = 100.0 * hits / queries
    return np.concatenate([recalls, recalls.sum(axis=-1, keepdims=True)], axis=-1)


def _resampled(
    gains: np.ndarray, captions: np.ndarray, resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """The differences in each of the resamples, (resamples, 7)."""
    seeds, images, _ = gains.shape
    flat = gains.transpose(1, 0, 2).reshape(images, -1)  # (N, S * 6)
    drawn = []
    for start in range(0, resamples, BLOCK):
        count = min(BLOCK, resamples - start)
        weights = rng.multinomial(images, np.full(images, 1 / images), size=count).astype(np.float64)
        hits = (weights @ flat).reshape(count, seeds, 6)
        chosen = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=count) / seeds  # (count, S)
        found = _statistic(hits, images, (weights @ captions)[:, None])  # (count, S, 7)
        drawn.append((chosen[:, :, None] * found).sum(axis=1))
    return np.concatenate(drawn)
