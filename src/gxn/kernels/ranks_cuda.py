"""Counts of candidates that score higher than the true pairs, as in `gxn.kernels.ranks`, on a CUDA card."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from gxn.kernels.cuda import scores
from gxn.kernels.ranks import RivalCounts, best_of_images, captions_by_group
from gxn.similarities import Similarity

SCORES = 1 << 25  # scores that are on the card at a time
GROUP = 128  # images that are scored at a time with the captions of all of them


def count_rivals(
    images: Sequence[Tensor],
    texts: Sequence[Tensor],
    caption_to_image: np.ndarray,
    similarity: Similarity,
    weights: Sequence[float],
) -> RivalCounts:
    """Count as `gxn.kernels.ranks.count_rivals` does, from float32 (N, D_k) and (M, D_k) on one card."""
    sign = -1.0 if similarity.reverse else 1.0
    if similarity.root and len(images) > 1:  # in one space, roots rank as their squares
        images, texts = ([sign * space for space in side] for side in (images, texts))
        score = partial(_minus_roots, weights)
    else:
        images, texts = (
            [torch.cat([sign * weight**0.5 * space for space, weight in zip(side, weights, strict=True)], 1)]
            for side in (images, texts)
        )
        score = partial(_sums, similarity.order)
    positive = np.empty(len(caption_to_image), np.float32)
    for first, captions in captions_by_group(caption_to_image, len(images[0]), GROUP):
        rows = torch.from_numpy(captions).to(texts[0].device)
        block = score([space[first : first + GROUP] for space in images], [space[rows] for space in texts])
        own = torch.from_numpy(caption_to_image[captions] - first).to(block.device)
        positive[captions] = block.gather(0, own[None])[0].numpy(force=True)
    best = best_of_images(positive, caption_to_image, len(images[0]))
    return _count(score, images, texts, (best, positive))


def _count(
    score: Callable[..., Tensor], images, texts, positive: tuple[np.ndarray, np.ndarray]
) -> RivalCounts:
    best, true = (torch.from_numpy(each).to(images[0].device) for each in positive)
    num_higher, num_tied = (
        [torch.zeros_like(each, dtype=torch.int64) for each in (best, true)] for _ in range(2)
    )
    step = max(1, SCORES // len(true))
    for start in range(0, len(best), step):
        rows = slice(start, start + step)
        block = score([space[rows] for space in images], texts)
        for counts, compare in ((num_higher, torch.gt), (num_tied, torch.eq)):
            counts[0][rows] = compare(block, best[rows, None]).sum(1)
            counts[1] += compare(block, true).sum(0)
    on_cpu = (tuple(each.numpy(force=True) for each in counts) for counts in (num_higher, num_tied))
    return RivalCounts(positive, *on_cpu)


def _sums(order: bool, images: list[Tensor], texts: list[Tensor]) -> Tensor:
    """Scores (N, M) of sides that hold all spaces in one."""
    return scores(order, *images, *texts)


def _minus_roots(weights: Sequence[float], images: list[Tensor], texts: list[Tensor]) -> Tensor:
    """Minus the weighted sum over the spaces of the roots of the violations, (N, M)."""
    spaces = zip(weights, images, texts, strict=True)
    return -sum(weight * (-scores(True, image, text)).sqrt() for weight, image, text in spaces)
