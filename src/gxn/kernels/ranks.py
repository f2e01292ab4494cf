"""Counts of candidates that score higher than the true pairs, on a CPU; scores are never stored.

The plain formula, with all scores (N, M) in memory: `(scores > limit).sum(axis)`, `(scores == limit).sum(axis)`.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from gxn.kernels import pairs, screening
from gxn.kernels.compiled import slices, spread
from gxn.processors import compute_threads
from gxn.similarities import Similarity

# Of a block: its scores and images fit the second cache, and the texts of DEPTH dimensions the first.
IMAGES, CAPTIONS = 96, 512
GROUP = 16  # images that are scored at a time with the captions of all of them
FEW = IMAGES * CAPTIONS // 64  # pairs of a block that are quicker to score one by one than as a block


@dataclass(frozen=True)
class RivalCounts:
    """Each attribute holds the arrays of the images, (N,), and of the captions, (M,).

    Attributes:
        positive: float32, the score of each image with its best caption, of each caption with its image.
        num_higher: int64, how many scores of the same image, or caption, lie above it.
        num_tied: int64, how many are equal to it, itself included.
    """

    positive: tuple[np.ndarray, np.ndarray]
    num_higher: tuple[np.ndarray, np.ndarray]
    num_tied: tuple[np.ndarray, np.ndarray]


def best_of_images(positive: np.ndarray, caption_to_image: np.ndarray, images: int) -> np.ndarray:
    """The best score (N,) of each image with its captions, of the scores (M,) of captions with their image."""
    best = np.full(images, -np.inf, np.float32)
    np.maximum.at(best, caption_to_image, positive)
    return best


def captions_by_group(caption_to_image: np.ndarray, images: int, group: int) -> list[tuple[int, np.ndarray]]:
    """(first image, captions of it and of the group - 1 images that follow) of each group."""
    order = np.argsort(caption_to_image, kind="stable")
    starts = range(0, images, group)
    return list(
        zip(starts, np.split(order, np.searchsorted(caption_to_image[order], starts[1:])), strict=True)
    )


def count_rivals(
    images: Sequence[np.ndarray],
    texts: Sequence[np.ndarray],
    caption_to_image: np.ndarray,
    similarity: Similarity,
    weights: Sequence[float],
) -> RivalCounts:
    """Count by the scores sum_k weight_k similarity_k.

    Args:
        images: float32 (N, D_k) for each space k.
        texts: float32 (M, D_k) for each space k.
        caption_to_image: int64 (M,), the row of each caption's image.
    """
    images, texts, score = _prepared(images, texts, similarity, weights)
    positive = np.empty(len(texts[0]), np.float32)
    for first, captions in captions_by_group(caption_to_image, len(images[0]), GROUP):
        block = [pairs.transposed(space[captions]) for space in texts]
        scores = score([space[first : first + GROUP] for space in images], block)
        positive[captions] = scores[caption_to_image[captions] - first, np.arange(len(captions))]
    positives = best_of_images(positive, caption_to_image, len(images[0])), positive
    screen = None
    if similarity.order and len(images) == 1:  # of a sum of roots there are no bytes
        screen = screening.screen(images[0], texts[0], tuple(-each for each in positives), compute_threads())
    return _count(score, images, texts, positives, screen)


def all_scores(
    images: Sequence[np.ndarray],
    texts: Sequence[np.ndarray],
    similarity: Similarity,
    weights: Sequence[float],
) -> np.ndarray:
    """Scores float32 (N, M) that rank as sum_k weight_k similarity_k; for a block of images or of texts.

    Args:
        images: float32 (N, D_k) for each space k.
        texts: float32 (M, D_k) for each space k.
    """
    images, texts, score = _prepared(images, texts, similarity, weights)
    return score(images, [pairs.transposed(space) for space in texts])


def _prepared(images, texts, similarity: Similarity, weights) -> tuple[list, list, Callable[..., np.ndarray]]:
    """Both sides with weights and direction in them, and the loop that scores them."""
    sign = -1.0 if similarity.reverse else 1.0
    if similarity.root and len(images) > 1:  # in one space, roots rank as their squares
        images, texts = ([_stacked([space], [sign]) for space in side] for side in (images, texts))
        return images, texts, partial(_minus_roots, weights)
    images, texts = ([_stacked(side, sign * np.sqrt(weights))] for side in (images, texts))
    return images, texts, partial(_sums, pairs.violations if similarity.order else pairs.products)


def _count(
    score: Callable[..., np.ndarray], images, texts, positive, screen: screening.Screen | None
) -> RivalCounts:
    """Count over all blocks of IMAGES x CAPTIONS; a thread takes a block of images at a time.

    Where bytes show that few pairs of a block can matter, only those are scored.
    """
    threads, lock = compute_threads(), threading.Lock()
    pieces = slices(len(texts[0]), CAPTIONS)
    blocks = spread(
        lambda piece: [pairs.transposed(space[slice(*piece)]) for space in texts], pieces, threads
    )
    num_higher, num_tied = (tuple(np.zeros(len(each), np.int64) for each in positive) for _ in range(2))

    def count(piece: tuple[int, int]) -> None:
        rows = slice(*piece)
        some = [space[rows] for space in images]
        higher, tied = (np.zeros(len(positive[1]), np.int64) for _ in range(2))
        for columns, block in zip((slice(*piece) for piece in pieces), blocks, strict=True):
            limits = positive[0][rows], positive[1][columns]
            counts = (num_higher[0][rows], higher[columns]), (num_tied[0][rows], tied[columns])
            left = screen.left(rows, columns, FEW) if screen else None
            if left is None:
                pairs.count_above(score(some, block), limits, *counts)
            else:
                pairs.count_some(some[0], texts[0][columns], left, limits, *counts)
        with lock:  # the rows are this piece's alone, the columns are not
            num_higher[1][:] += higher
            num_tied[1][:] += tied

    spread(count, slices(len(images[0]), IMAGES), threads)
    return RivalCounts(positive, num_higher, num_tied)


def _stacked(spaces: Sequence[np.ndarray], factors: Sequence[float]) -> np.ndarray:
    """Spaces side by side in float32, each times its factor.

    Where a similarity is of second degree in the embeddings, factors that are the roots of the weights make the
    weighted sum over spaces the similarity of the whole. Columns are added up to a multiple of `pairs.DEPTH`.
    """
    ends = np.cumsum([space.shape[1] for space in spaces])
    out = np.zeros((len(spaces[0]), ends[-1] + -ends[-1] % pairs.DEPTH), np.float32)
    for space, factor, end in zip(spaces, factors, ends, strict=True):
        np.multiply(space, np.float32(factor), out=out[:, end - space.shape[1] : end])
    return out


def _sums(loop: Callable[..., None], images: list[np.ndarray], texts: list[np.ndarray]) -> np.ndarray:
    """Scores (N, M) of sides that hold all spaces in one, by one of the loops of `gxn.kernels.pairs`."""
    scores = np.empty((len(images[0]), texts[0].shape[1]), np.float32)
    loop(images[0], texts[0], scores)
    return scores


def _minus_roots(weights: Sequence[float], images: list[np.ndarray], texts: list[np.ndarray]) -> np.ndarray:
    """Minus the weighted sum over the spaces of the roots of the violations, (N, M)."""
    total = np.float32(0)
    for weight, image, text in zip(weights, images, texts, strict=True):
        total = total - np.float32(weight) * np.sqrt(-_sums(pairs.violations, [image], [text]))
    return total
