"""Exact ranks of embeddings that are on a CUDA card, as `gxn.evaluation.ranks` defines them."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from gxn.evaluation.ranks import Ranks, best_of, checked, ranked
from gxn.losses.kernels_cuda import scores
from gxn.losses.similarity import stacked
from gxn.similarities import get_similarity

SCORES = 1 << 25  # that are on the card at a time
NEIGHBOURS = 128  # images that are scored with all of their captions at a time


def ranks(
    images: Sequence[Tensor],
    texts: Sequence[Tensor],
    caption_image: np.ndarray,
    similarity: str,
    weights: Sequence[float],
) -> Ranks:
    """`gxn.evaluation.ranks.ranks` of float32 tensors (N, D_k) and (M, D_k) that are on one card.

    Raises:
        GxnError: as there.
    """
    kind = get_similarity(similarity)
    owners = checked(images, texts, caption_image, weights)
    sign = -1.0 if kind.reverse else 1.0
    seen, said = ([sign * space for space in side] for side in (images, texts))
    if kind.root and len(images) > 1:  # in one space, roots rank as their squares
        score = partial(_roots, weights)
    else:
        score = partial(_whole, kind.order)
        seen, said = ([stacked(side, weights)] for side in (seen, said))
    true = _true_scores(seen, said, owners, score)
    true_scores = best_of(true, owners, len(images[0])), true
    return ranked(*_counts(seen, said, true_scores, score), true_scores, owners)


def _whole(order: bool, images: list[Tensor], texts: list[Tensor]) -> Tensor:
    """Scores of sides that hold all spaces in one."""
    return scores(order, *images, *texts)


def _roots(weights: Sequence[float], images: list[Tensor], texts: list[Tensor]) -> Tensor:
    """The weighted sum over the spaces of the roots of violations, as scores."""
    spaces = zip(weights, images, texts, strict=True)
    return -sum(weight * (-scores(True, image, text)).sqrt() for weight, image, text in spaces)


def _true_scores(seen, said, owners: np.ndarray, score: Callable[..., Tensor]) -> np.ndarray:
    """Score (M,) of each caption with its image."""
    true = np.empty(len(owners), np.float32)
    captions = np.argsort(owners, kind="stable")
    starts = range(0, len(seen[0]), NEIGHBOURS)
    groups = np.split(captions, np.searchsorted(owners[captions], starts[1:]))
    for start, some in zip(starts, groups, strict=True):
        rows = torch.from_numpy(some).to(said[0].device)
        block = score([space[start : start + NEIGHBOURS] for space in seen], [space[rows] for space in said])
        own = torch.from_numpy(owners[some] - start).to(block.device)
        true[some] = block.gather(0, own[None])[0].numpy(force=True)
    return true


def _counts(seen, said, true_scores, score: Callable[..., Tensor]) -> tuple[list, list]:
    """How many score above the true pairs of images (N,) and of captions (M,), and how many the same."""
    best, true = (torch.from_numpy(each).to(seen[0].device) for each in true_scores)
    above, same = ([torch.zeros_like(each, dtype=torch.int64) for each in (best, true)] for _ in range(2))
    step = max(1, SCORES // len(true))
    for start in range(0, len(best), step):
        piece = slice(start, start + step)
        block = score([space[piece] for space in seen], said)
        for found, compare in ((above, torch.gt), (same, torch.eq)):
            found[0][piece] = compare(block, best[piece, None]).sum(1)
            found[1] += compare(block, true).sum(0)
    return tuple([each.numpy(force=True) for each in found] for found in (above, same))
