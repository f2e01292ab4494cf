"""Exact ranks of the true pairs in both directions from one pass over the scores, which are never stored.

For order violations, bytes tell first which pairs can score at least as high as the true pair of their image
or of their caption (`gxn.evaluation.screening`); all others count for no rank, and are not computed.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from gxn.compiled import compiled, slices, spread
from gxn.errors import GxnError
from gxn.evaluation.screening import count_screened, screen
from gxn.losses import kernels_cpu
from gxn.processors import compute_threads
from gxn.similarities import get_similarity

IMAGES, CAPTIONS = 96, 512  # the images of a block stay in the second cache
SCREENED = 512  # images at a time where bytes tell which pairs to compute


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
    """Ranks by sum_k weight_k similarity_k, as `gxn.similarities` defines it.

    Args:
        images: (N, D_k) float32 for each space.
        texts: (M, D_k) float32 for each space.
        caption_image: (M,) integers, the row of each caption's image.
        similarity: one of `gxn.similarities.SIMILARITIES`.
        weights: one for each space.
        prune: leave out the pairs that cannot matter (order violations only); the ranks are the same without.

    Raises:
        GxnError: embeddings that are not finite or so large that scores would not be, or all the same;
            an image without captions; a caption without image; an unknown similarity.
    """
    kind = get_similarity(similarity)
    owners = checked(images, texts, caption_image, weights)
    sign = -1.0 if kind.reverse else 1.0
    if kind.root and len(images) > 1:  # in one space, roots rank as their squares
        score = partial(_roots, weights)
        seen, said = ([_stacked([space], [sign]) for space in side] for side in (images, texts))
    else:
        score = partial(_whole, kind.order)
        seen, said = ([_stacked(side, sign * np.sqrt(weights))] for side in (images, texts))
    true_scores = _true_scores(seen, said, owners, partial(score, kernels_cpu.score_pairs), len(images[0]))
    if prune and kind.order and len(seen) == 1:
        count_piece, step = _screened(*seen, *said, true_scores), SCREENED
    else:
        count_piece, step = _every(seen, said, partial(score, kernels_cpu.score_tiles), true_scores), IMAGES
    del said  # its packed copy is enough
    counts = _Counts(true_scores)
    spread(partial(counts.add, count_piece), slices(len(seen[0]), step), compute_threads())
    return ranked(counts.above, counts.same, true_scores, owners)


def checked(images, texts, caption_image, weights) -> np.ndarray:
    """`caption_image` as int64; see `ranks` for what is refused. Embeddings may be arrays or tensors."""
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
    owners = np.asarray(caption_image, np.int64)
    if owners.shape != (len(texts[0]),) or owners.min() < 0 or owners.max() >= len(images[0]):
        raise GxnError("caption_image: one row of the images is needed for each caption")
    bare = np.flatnonzero(np.bincount(owners, minlength=len(images[0])) == 0)
    if len(bare):
        raise GxnError(f"image row {bare[0]} has no caption ({len(bare)} such)")
    return owners


def _all_same(space) -> bool:
    return bool((space[1] == space[0]).all() and (space == space[0]).all())  # two rows mostly tell


def _stacked(spaces: Sequence[np.ndarray], factors: Sequence[float]) -> np.ndarray:
    """Spaces side by side, times `factors`, as whole tiles of zero-padded float32.

    Where a similarity is of second degree in the embeddings, factors that are the roots of the weights make the
    weighted sum over spaces the similarity of the whole.
    """
    ends = np.cumsum([space.shape[1] for space in spaces])
    out = np.zeros(kernels_cpu.padded(len(spaces[0]), ends[-1]), np.float32)
    for space, factor, end in zip(spaces, factors, ends, strict=True):
        np.multiply(space, np.float32(factor), out=out[: len(space), end - space.shape[1] : end])
    return out


def _whole(order: bool, kernel: Callable[..., None], images, texts, *rest) -> None:
    """The kernel's scores of sides that hold all spaces in one."""
    kernel(order, *images, *texts, *rest)


def _roots(weights: Sequence[float], kernel: Callable[..., None], images, texts, *rest) -> None:
    """The weighted sum over the spaces of the roots of the kernel's violations, as scores."""
    *rest, scores = rest
    scores[:] = 0
    part = np.zeros_like(scores)
    for weight, *sides in zip(weights, images, texts, strict=True):
        kernel(True, *sides, *rest, part)
        scores -= np.float32(weight) * np.sqrt(-part)


def _true_scores(images, texts, owners, score, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Score of each image with its best caption (N,), and of each caption with its image (M,)."""
    rows = np.zeros(len(owners) + -len(owners) % kernels_cpu.WIDTH, np.int64)
    captions, true = np.zeros_like(rows), np.empty(len(rows), np.float32)
    rows[: len(owners)], captions[: len(owners)] = owners, np.arange(len(owners))
    score(images, texts, rows, captions, true)
    true = true[: len(owners)]
    return best_of(true, owners, number), true


def best_of(true: np.ndarray, owners: np.ndarray, number: int) -> np.ndarray:
    """The best score (N,) of each image with its captions, of those (M,) of captions with their image."""
    best = np.full(number, -np.inf, np.float32)
    np.maximum.at(best, owners, true)
    return best


def _screened(images, texts, true_scores) -> Callable[..., None]:
    """Counts for a piece of images; the pairs that bytes tell to be too low for any rank are not computed."""
    left = screen(images, texts, *(-each for each in true_scores))

    def add(piece: tuple[int, int], above, same) -> None:
        count_screened((images, texts), left.rounded, left.limits, *piece, true_scores, above, same)

    return add


def _every(images, texts, score, true_scores) -> Callable[..., None]:
    """Counts for a piece of images from all scores, block by block."""

    def pack(side: list[np.ndarray], piece: tuple[int, int], tall: int) -> list[np.ndarray]:
        return [kernels_cpu.packed(space[slice(*piece)], tall) for space in side]

    pieces = slices(len(texts[0]), CAPTIONS)
    blocks = spread(lambda piece: pack(texts, piece, kernels_cpu.TEXTS), pieces, compute_threads())

    def add(piece: tuple[int, int], above, same) -> None:
        packed_images = pack(images, piece, kernels_cpu.IMAGES)
        scores = np.empty((IMAGES, CAPTIONS), np.float32)
        for (first, _), block in zip(pieces, blocks, strict=True):
            score(packed_images, block, scores)
            count(scores, piece[0], first, true_scores, above, same)

    return add


class _Counts:
    """How many candidates score above the true pairs, and the same, gathered piece by piece."""

    def __init__(self, true_scores) -> None:
        self.true_scores = true_scores
        self.above, self.same = ([np.zeros(len(each), np.int64) for each in true_scores] for _ in range(2))
        self.lock = threading.Lock()

    def add(self, count_piece: Callable[..., None], piece: tuple[int, int]) -> None:
        """Count for the image rows of a piece against all captions."""
        captions = len(self.true_scores[1])
        above = self.above[0], np.zeros(captions, np.int64)  # a piece's images are its own, captions are not
        same = self.same[0], np.zeros(captions, np.int64)
        count_piece(piece, above, same)
        with self.lock:
            self.above[1] += above[1]
            self.same[1] += same[1]


def ranked(above, same, true_scores, owners: np.ndarray) -> Ranks:
    """Ranks, once all is counted: an image's own captions, and a caption's image, are no rivals.

    Args:
        above: how many score above the true pairs of images (N,) and of captions (M,).
        same: how many score the same, the true pairs themselves included.
        true_scores: of each image with its best caption (N,), and of each caption with its image (M,).
        owners: (M,) the row of each caption's image.
    """
    best, true = true_scores
    own = np.bincount(owners[true == best[owners]], minlength=len(best))
    same = same[0] - own, same[1] - 1
    tied = sum(np.count_nonzero(each) for each in same)
    i2t, t2i = (1 + more + each / 2 for more, each in zip(above, same, strict=True))
    return Ranks(i2t, t2i, tied / (len(best) + len(true)))


@compiled
def count(scores, begin, first, true_scores, above, same):
    """Add to above and same, of images from `begin` on and texts from `first` on, what a block of scores holds."""
    best, true = true_scores
    rows, columns = min(len(scores), len(best) - begin), min(scores.shape[1], len(true) - first)
    text_true = true[first : first + columns]
    text_above, text_same = np.zeros(columns, np.int32), np.zeros(columns, np.int32)
    for row in range(rows):
        limit, more, equal = best[begin + row], np.int32(0), np.int32(0)
        for column in range(columns):
            score = scores[row, column]
            more += np.int32(score > limit)
            equal += np.int32(score == limit)
            text_above[column] += np.int32(score > text_true[column])
            text_same[column] += np.int32(score == text_true[column])
        above[0][begin + row] += more
        same[0][begin + row] += equal
    for column in range(columns):
        above[1][first + column] += text_above[column]
        same[1][first + column] += text_same[column]
