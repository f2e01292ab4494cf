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
    order = np.argsort(-scores, axis=1, kind="stable")
    ordered = np.take_along_axis(scores, order, 1)
    hit = np.take_along_axis(relevant, order, 1)
    place = np.arange(scores.shape[1])
    begins = np.ones(scores.shape, bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ends = np.roll(begins, -1, axis=1)
    ends[:, -1] = True
    first = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, place, place[-1])[:, ::-1], axis=1)[:, ::-1]
    found = hit.cumsum(1)
    before = np.take_along_axis(found - hit, first, 1)  # H
    tied_hits = np.take_along_axis(found, last, 1) - before  # r
    tied, at = last - first + 1, place - first  # n, j - 1
    expected = before + 1 + at * (tied_hits - 1) / np.maximum(tied - 1, 1)
    terms = tied_hits / tied * expected / (place + 1)
    total = found[:, -1]
    divisor = np.where(total > 0, total, np.nan)
    early = np.where(place < total[:, None], terms, 0)
    return Precision(terms.sum(1) / divisor, early.sum(1) / divisor, total.astype(np.int64))


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
        parts.append(precision(scores(begin, end), relevant))
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
