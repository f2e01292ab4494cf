"""Imagine a caption: cross-entropy and self-critical losses (GXN, equations 4 to 7; SCST)."""

import torch
from torch import Tensor


def cross_entropy(log_probabilities: Tensor, mask: Tensor) -> Tensor:
    """Equation 4 as a mean over words, end of sentence included.

    Args:
        log_probabilities: (B, T), of the true word at each step.
        mask: bool (B, T), the steps that count.
    """
    return -log_probabilities.masked_fill(~mask, 0).sum() / mask.sum()


def self_critical(log_probabilities: Tensor, mask: Tensor, reward: Tensor, baseline: Tensor) -> Tensor:
    """A scalar whose gradient is equation 6: -(r(sampled) - r(greedy)) grad log p(sampled), a mean over words.

    Args:
        log_probabilities: (B, T), of the sampled word at each step.
        mask: bool (B, T), the steps up to and with the first end of sentence.
        reward: (B,) of the sampled captions; `baseline`: (B,) of the greedy ones. No gradient enters them.
    """
    advantage = (reward - baseline).detach().unsqueeze(1).to(log_probabilities.dtype)
    return -(advantage * log_probabilities.masked_fill(~mask, 0)).sum() / mask.sum()


def caption_mask(tokens: Tensor, end: int) -> Tensor:
    """Bool (B, T): the steps of (B, T) word ids up to and with the first `end`."""
    ended = (tokens == end).to(torch.int64).cumsum(1)
    return (ended == 0) | ((ended == 1) & (tokens == end))
