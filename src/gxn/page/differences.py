"""The queries on which two rows differ most, by the ratio of the ranks that they give the true item."""

from dataclasses import dataclass

import numpy as np

from gxn.evaluation.ranks import Ranks

MOST = 6


@dataclass(frozen=True)
class Lead:
    """Queries that one row answers better than another.

    Attributes:
        share: of all queries, those whose true item it ranks above the other's rank, 0 to 1.
        captions: rows of the captions with the largest ratio of ranks, largest first.
        images: rows of such images.
    """

    share: float
    captions: list[int]
    images: list[int]


def lead(better: Ranks, worse: Ranks, most: int = MOST) -> Lead:
    """Find the queries that `better` answers better than `worse`, at most `most` of each direction."""
    above = np.concatenate([better.t2i < worse.t2i, better.i2t < worse.i2t])
    return Lead(
        share=float(above.mean()),
        captions=_largest(worse.t2i / better.t2i, better.t2i, most),
        images=_largest(worse.i2t / better.i2t, better.i2t, most),
    )


def _largest(ratio: np.ndarray, rank: np.ndarray, most: int) -> list[int]:
    """Rows with the largest ratio above 1; of equal ones the better ranked first, then the file's order."""
    order = np.lexsort((rank, -ratio))[:most]
    return [int(row) for row in order if ratio[row] > 1]
