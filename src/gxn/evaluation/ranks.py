"""Exact ranks of the true pairs in both directions, from the rivals that `gxn.kernels.ranks` counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gxn.errors import GxnError
from gxn.kernels import ranks as on_cpu
from gxn.kernels.ranks import RivalCounts
from gxn.similarities import Similarity, check_weights, get_similarity

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST = 1e-30  # a score below it keeps too few digits in float32, whose least normal number is 1.2e-38


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
    images: Sequence[np.ndarray] | Sequence[Tensor],
    texts: Sequence[np.ndarray] | Sequence[Tensor],
    caption_to_image: np.ndarray,
    similarity: str,
    weights: Sequence[float],
) -> Ranks:
    """Ranks by sum_k weight_k similarity_k, as `gxn.similarities` defines it.

    Args:
        images: float32 (N, D_k) for each space k: arrays, or tensors on one CUDA card, which then computes.
        texts: float32 (M, D_k) for each space k, of the same kind.
        caption_to_image: (M,) integers, the row of each caption's image.
        similarity: one of `gxn.similarities.SIMILARITIES`.
        weights: one for each space.

    Raises:
        GxnError: embeddings that are not finite, all the same, or so large or small that scores would overflow or
            vanish; weights as `check_weights` refuses them; an image without captions; a caption without image; an
            unknown similarity.
    """
    kind = get_similarity(similarity)
    check_weights(weights)
    caption_to_image = _checked(images, texts, caption_to_image, weights, kind)
    if isinstance(images[0], np.ndarray):
        counts = on_cpu.count_rivals(images, texts, caption_to_image, kind, weights)
    else:
        from gxn.kernels import ranks_cuda  # needs Triton

        counts = ranks_cuda.count_rivals(images, texts, caption_to_image, kind, weights)
    if not all(np.isfinite(scores).all() for scores in counts.positive):
        raise GxnError("the score of a true pair is not finite, so it has no rank")
    return _ranks_of(counts, caption_to_image)


def _checked(images, texts, caption_to_image, weights, kind: Similarity) -> np.ndarray:
    """`caption_to_image` as int64; `ranks` says what is refused."""
    largest = []
    for what, spaces in (("image", images), ("caption", texts)):
        for space in spaces:
            if space.ndim != 2 or 0 in space.shape:
                raise GxnError(f"{what} embeddings: a matrix is needed, not shape {tuple(space.shape)}")
            largest.append(max(float(space.max()), -float(space.min())))
            if not np.isfinite(largest[-1]):
                row = (abs(space) < np.inf).all(1).tolist().index(False)
                raise GxnError(f"{what} embeddings: row {row} is not finite. The model has diverged")
        if len(spaces[0]) > 1 and all(_all_same(space) for space in spaces):
            raise GxnError(f"{what} embeddings: all {len(spaces[0])} are the same. The model has collapsed")
    bound = sum(weights) * sum(space.shape[1] for space in images) * (2 * max(largest)) ** 2
    if not bound < float(np.finfo(np.float32).max):
        raise GxnError(f"embeddings reach {max(largest):g}: their scores are not finite in float32")
    sizes = zip(weights, largest[: len(images)], largest[len(images) :], strict=True)
    scores = [w * (max(image, text) ** 2 if kind.order else image * text) for w, image, text in sizes]
    if max(scores) < SMALLEST and max(largest) > 0:
        raise GxnError(f"embeddings reach only {max(largest):g}: their scores vanish in float32")
    rows = np.asarray(caption_to_image, np.int64)
    if rows.shape != (len(texts[0]),) or rows.min() < 0 or rows.max() >= len(images[0]):
        raise GxnError("caption_to_image: one row of the images is needed for each caption")
    without = np.flatnonzero(np.bincount(rows, minlength=len(images[0])) == 0)
    if len(without):
        raise GxnError(f"image row {without[0]} has no caption ({len(without)} such)")
    return rows


def _all_same(space) -> bool:
    return bool((space[1] == space[0]).all() and (space == space[0]).all())  # two rows mostly tell


def _ranks_of(counts: RivalCounts, caption_to_image: np.ndarray) -> Ranks:
    """Ranks of the counts: an image's own captions, and a caption's image, are not rivals."""
    best, positive = counts.positive
    own = np.bincount(caption_to_image[positive == best[caption_to_image]], minlength=len(best))
    num_tied = counts.num_tied[0] - own, counts.num_tied[1] - 1
    i2t, t2i = (1 + higher + tied / 2 for higher, tied in zip(counts.num_higher, num_tied, strict=True))
    with_tie = sum(np.count_nonzero(tied) for tied in num_tied)
    return Ranks(i2t, t2i, with_tie / (len(best) + len(positive)))
