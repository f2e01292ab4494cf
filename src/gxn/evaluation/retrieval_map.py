"""Mean average precision over labels, where several items are relevant.

Items of equal score have no order: every figure is its expectation over all orders of them (McSherry and Najork,
2008), so that the order in which a file lists them does not matter.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gxn.errors import GxnError
from gxn.evaluation.embeddings import Embeddings
from gxn.kernels.ranks import all_scores
from gxn.similarities import get_similarity

QUERIES = 256  # whose scores are held at a time
PAIRS = 1 << 17  # that are sorted at a time, in arrays that stay in the second cache: half the time


@dataclass(frozen=True)
class Precision:
    """Average precision of Q queries.

    Attributes:
        average: float64 (Q,), AP = (1/R) sum of the precision at the rank of each of the R relevant items.
        at_r: float64 (Q,), the same sum over the first R ranks only (mAP@R of ECCV Caption and
            pytorch-metric-learning).
        relevant: int64 (Q,), R. Both precisions of a query with R = 0 are NaN.
    """

    average: np.ndarray
    at_r: np.ndarray
    relevant: np.ndarray

    def summary(self) -> dict[str, float | int]:
        """`map` and `map_r`, percent, over the queries with a relevant item; `left_out` counts the others.

        Raises:
            GxnError: no query has a relevant item.
        """
        counted = self.relevant > 0
        if not counted.any():
            raise GxnError(
                "labels: no query shares a label with an item of the gallery, so that mAP is undefined"
            )
        return {
            "map": 100.0 * float(self.average[counted].mean()),
            "map_r": 100.0 * float(self.at_r[counted].mean()),
            "left_out": int((~counted).sum()),
        }


def precision(scores: np.ndarray, relevant: np.ndarray) -> Precision:
    """Expected average precision of each row.

    A group of n items of equal score, r of them relevant, that follows N better items, H of them relevant, adds
    sum_j (r/n) (H + 1 + (j-1)(r-1)/(n-1)) / (N + j) to the sum over relevant items, j = 1..n.

    Args:
        scores: (Q, M), higher is better; finite.
        relevant: bool (Q, M).
    """
    order = np.argsort(-scores, axis=1)
    hit = np.take_along_axis(relevant, order, 1)
    found, rank = hit.cumsum(1), np.arange(1, scores.shape[1] + 1)
    terms = hit * found / rank
    _expect_ties(np.take_along_axis(scores, order, 1), hit, found, terms)
    total = found[:, -1]
    divisor = np.where(total > 0, total, np.nan)
    early = np.where(rank <= total[:, None], terms, 0)
    return Precision(terms.sum(1) / divisor, early.sum(1) / divisor, total.astype(np.int64))


def _expect_ties(ordered: np.ndarray, hit: np.ndarray, found: np.ndarray, terms: np.ndarray) -> None:
    """Write the expected terms of `precision` where neighbours have equal scores; all are (Q, M)."""
    follows = np.zeros(ordered.shape, bool)  # its score is that of the item before it
    follows[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    tied = follows.copy()
    tied[:, :-1] |= follows[:, 1:]
    row, column = tied.nonzero()
    if not len(row):
        return
    starts = np.flatnonzero(~follows[row, column])
    sizes = np.diff(starts, append=len(row))
    hits = np.add.reduceat(hit[row, column].astype(np.int64), starts)
    first = row[starts], column[starts]
    before = found[first] - hit[first]
    group = np.repeat(np.arange(len(starts)), sizes)
    at = np.arange(len(row)) - starts[group]
    expected = before[group] + 1 + at * (hits - 1)[group] / (sizes - 1)[group]
    terms[row, column] = (hits / sizes)[group] * expected / (column + 1)


def label_precision(
    scores: Callable[[int, int], np.ndarray], queries: np.ndarray, gallery: np.ndarray
) -> Precision:
    """Average precision where an item is relevant that shares at least one label with the query.

    Args:
        scores: called with a range of queries, begin and end (exclusive), gives their scores (end - begin, M).
        queries: multi-hot labels (Q, L), 0 or 1.
        gallery: multi-hot labels (M, L); a caption has the labels of its image.
    """
    gallery = gallery.astype(np.float32)
    parts = []
    for begin in range(0, len(queries), QUERIES):
        end = min(begin + QUERIES, len(queries))
        relevant = queries[begin:end].astype(np.float32) @ gallery.T > 0
        scored, rows = scores(begin, end), max(1, PAIRS // len(gallery))
        for first in range(0, end - begin, rows):
            parts.append(precision(scored[first : first + rows], relevant[first : first + rows]))
    return Precision(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("average", "at_r", "relevant"))
    )


def both_ways(embeddings: Embeddings, labels: np.ndarray) -> tuple[Precision, Precision]:
    """Average precision of images searching captions and of captions searching images.

    A caption has the labels of its image. An image's own captions are in its gallery, and a caption's image.

    Args:
        labels: multi-hot (N, L) of the images.
    """
    similarity, weights = get_similarity(embeddings.similarity), embeddings.weights
    of_captions = labels[embeddings.caption_image]

    def of_image(begin: int, end: int) -> np.ndarray:
        return all_scores(
            [space[begin:end] for space in embeddings.images], embeddings.texts, similarity, weights
        )

    def of_text(begin: int, end: int) -> np.ndarray:
        texts = [space[begin:end] for space in embeddings.texts]
        return all_scores(embeddings.images, texts, similarity, weights).T

    return label_precision(of_image, labels, of_captions), label_precision(of_text, of_captions, labels)
