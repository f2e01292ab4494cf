"""Exact ranks of the true pairs in both directions from one pass over the scores, which are never stored.

For the order violation, a sum of squares, a pair is left as soon as its partial sum is worse than the true
pairs of both its image and its caption: it then counts for neither rank, whatever the rest of the sum is.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gxn.compiled import compiled, processors, slices, spread
from gxn.errors import GxnError
from gxn.losses.kernels_cpu import LANES, TILE, products, violations

IMAGES, CAPTIONS = 64, 512  # a block of scores and its images stay in the second cache
CHECK = 128  # columns between two looks at a partial sum
PAIRS = 16  # true pairs scored at once, as the diagonal of a square


@dataclass(frozen=True)
class Ranks:
    """1-based ranks; candidates that score the same as the true one count half.

    Attributes:
        i2t: (N,) float64, of each image's best caption among the captions of other images.
        t2i: (M,) float64, of each caption's image among the other images.
        tied: share of the N + M queries with a candidate that scores the same as the true one.
    """

    i2t: np.ndarray
    t2i: np.ndarray
    tied: float


def ranks(
    images: Sequence[np.ndarray],
    texts: Sequence[np.ndarray],
    caption_image: np.ndarray,
    similarity: str,
    weights: Sequence[float],
    prune: bool = True,
) -> Ranks:
    """Ranks by sum_k weight_k similarity_k, as defined in `gxn.losses.similarity`.

    Args:
        images: (N, D_k) float32 for each space.
        texts: (M, D_k) float32 for each space.
        caption_image: (M,) integers, the row of each caption's image.
        similarity: `cosine`, `order` or `order_reversed`.
        weights: one for each space.
        prune: leave pairs early (order violations only); the ranks are the same without.

    Raises:
        GxnError: embeddings that are not finite or so large that scores would not be, or all the same;
            an image without captions; a caption without image; an unknown similarity.
    """
    if similarity not in ("cosine", "order", "order_reversed"):
        raise GxnError(f"similarity {similarity!r} is none of cosine, order, order_reversed")
    owners = _checked(images, texts, caption_image, weights)
    number = len(images[0]), len(texts[0])
    columns = _columns(images, texts, weights, similarity)
    sign = -1.0 if similarity == "order_reversed" else 1.0
    rows = _stacked(images, weights, columns, sign), _stacked(texts, weights, columns, sign)
    every = 0 if similarity == "cosine" else CHECK if prune else rows[0].shape[1]
    true, best = _true_scores(*rows, owners, every, number[0])
    counts = _Counts(true, best)
    pieces = slices(len(rows[0]), IMAGES)
    spread(lambda piece: counts.add(*rows, *piece, every), pieces, processors())
    return counts.ranks(owners)


def _checked(images, texts, caption_image, weights) -> np.ndarray:
    """`caption_image` as int64; see `ranks` for what is refused."""
    for what, spaces in (("image", images), ("caption", texts)):
        for space in spaces:
            if space.ndim != 2 or not space.size:
                raise GxnError(f"{what} embeddings: a matrix is needed, not shape {space.shape}")
            if not np.isfinite(space).all():
                row = np.flatnonzero(~np.isfinite(space).all(1))[0]
                raise GxnError(f"{what} embeddings: row {row} is not finite. The model has diverged")
        if len(spaces[0]) > 1 and all((space == space[0]).all() for space in spaces):
            raise GxnError(f"{what} embeddings: all {len(spaces[0])} are the same. The model has collapsed")
    largest = [max(float(np.abs(space).max()) for space in spaces) for spaces in (images, texts)]
    bound = sum(weights) * sum(space.shape[1] for space in images) * sum(largest) ** 2
    if not bound < np.finfo(np.float32).max:
        raise GxnError(f"embeddings reach {max(largest):g}: their scores are not finite in float32")
    owners = np.asarray(caption_image, np.int64)
    if owners.shape != (len(texts[0]),) or owners.min() < 0 or owners.max() >= len(images[0]):
        raise GxnError("caption_image: one row of the images is needed for each caption")
    bare = np.flatnonzero(np.bincount(owners, minlength=len(images[0])) == 0)
    if len(bare):
        raise GxnError(f"image row {bare[0]} has no caption ({len(bare)} such)")
    return owners


def _columns(images, texts, weights, similarity: str) -> np.ndarray:
    """The order in which dimensions are summed: those that part most pairs first."""
    if similarity == "cosine":
        return np.arange(sum(space.shape[1] for space in images))
    sign = -1 if similarity == "order_reversed" else 1
    parts = []
    for image, text, weight in zip(images, texts, weights, strict=True):
        gap = sign * (text.mean(0) - image.mean(0))
        parts.append(weight * (text.var(0) + image.var(0) + np.maximum(gap, 0) ** 2))
    return np.argsort(-np.concatenate(parts), kind="stable")


def _stacked(spaces, weights, columns: np.ndarray, sign: float) -> np.ndarray:
    """Spaces side by side, times the roots of their weights, as whole tiles of zero-padded float32."""
    number, width = len(spaces[0]), len(columns)
    out = np.zeros((number + -number % TILE, width + -width % LANES), np.float32)
    roots = np.repeat(np.sqrt(np.asarray(weights, np.float64)), [space.shape[1] for space in spaces])
    scale = (sign * roots[columns]).astype(np.float32)
    for begin, end in slices(number, 1024):
        joined = np.concatenate([space[begin:end] for space in spaces], axis=1)
        np.multiply(joined[:, columns], scale, out=out[begin:end, :width])
    return out


def _score(images, texts, begin, end, first, last, image_limits, text_limits, every, scores) -> None:
    """Similarities if `every` is 0, else order violations that are looked at after so many columns."""
    if every:
        extent = begin, end, first, last
        violations(images, texts, *extent, image_limits, text_limits, every, scores)
    else:
        products(images, texts, begin, end, first, last, scores)


def _true_scores(images, texts, owners, every: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Score of each caption with its image (M,), and of each image with its best caption (N,)."""
    true = np.empty(len(texts), np.float32)
    square, never = np.empty((PAIRS, PAIRS), np.float32), np.full(len(texts), np.inf, np.float32)
    padded = np.zeros(len(texts), np.int64)
    padded[: len(owners)] = owners
    for begin, end in slices(len(texts), PAIRS):
        own, extent = images[padded[begin:end]], (0, end - begin, begin, end)
        _score(own, texts, *extent, never, never, every and images.shape[1], square)
        true[begin:end] = square.diagonal()[: end - begin]
    best = np.full(number, -np.inf, np.float32)
    np.maximum.at(best, owners, true[: len(owners)])
    return true[: len(owners)], best


class _Counts:
    """How many candidates score above the true pairs, and the same, gathered block by block."""

    def __init__(self, true: np.ndarray, best: np.ndarray) -> None:
        self.true, self.best = true, best
        self.images = np.zeros((2, len(best)), np.int64)  # above, same
        self.texts = np.zeros((2, len(true)), np.int64)
        self.limits = [np.full(len(each) + TILE, -np.inf, np.float32) for each in (best, true)]
        for limit, each in zip(self.limits, (best, true), strict=True):
            limit[: len(each)] = -each
        self.lock = threading.Lock()

    def add(self, images: np.ndarray, texts: np.ndarray, begin: int, end: int, every: int) -> None:
        """Count for the image rows begin:end against all captions."""
        scores = np.empty((IMAGES, CAPTIONS), np.float32)
        found = np.zeros((2, len(self.true)), np.int32)
        last = min(end, len(self.best))
        for first, stop in slices(len(texts), CAPTIONS):
            _score(images, texts, begin, end, first, stop, *self.limits, every, scores)
            here = slice(first, min(stop, len(self.true)))
            part = scores[: last - begin, : here.stop - first]
            count(part, self.best[begin:last], self.true[here], self.images[:, begin:last], found[:, here])
        with self.lock:
            self.texts += found

    def ranks(self, owners: np.ndarray) -> Ranks:
        """Ranks, once all blocks are counted: an image's own captions, and a caption's image, are no rivals."""
        own = np.bincount(owners[self.true == self.best[owners]], minlength=len(self.best))
        same_texts, same_images = self.images[1] - own, self.texts[1] - 1
        tied = np.count_nonzero(same_texts) + np.count_nonzero(same_images)
        return Ranks(
            i2t=1 + self.images[0] + same_texts / 2,
            t2i=1 + self.texts[0] + same_images / 2,
            tied=tied / (len(self.best) + len(self.true)),
        )


@compiled
def count(scores, best, true, images, texts):
    """Add to images (2, N) and texts (2, M) how many of the scores (N, M) are above, and equal to, theirs."""
    for row in range(scores.shape[0]):
        above, same = np.int32(0), np.int32(0)
        limit = best[row]
        for column in range(scores.shape[1]):
            score = scores[row, column]
            above += np.int32(score > limit)
            same += np.int32(score == limit)
            texts[0, column] += np.int32(score > true[column])
            texts[1, column] += np.int32(score == true[column])
        images[0, row] += above
        images[1, row] += same
