"""InfoNCE: each image picks its caption out of the batch's, and each caption its image (CLIP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gxn.configuration.section import Real, Section

if TYPE_CHECKING:
    from torch import Tensor


class Parameters(Section):
    """Parameters of InfoNCE."""

    temperature: Real = Field(
        0.05,
        ge=0.01,
        le=1,
        description="Divides the scores, cosines; smaller: harder negatives count for more",
    )


def loss(scores: Tensor, same_image: Tensor, parameters: Parameters) -> Tensor:
    """Contrast S / temperature."""
    return contrast(scores / parameters.temperature, same_image)


def contrast(logits: Tensor, same_image: Tensor) -> Tensor:
    """B / 2 times [CE(L, i) + CE(L', i)] of logits L (B, B), CE a mean over the batch of B pairs.

    The factor B makes it a sum over the batch: a largest gradient norm of 2 would never act on a mean. Other pairs
    of a pair's image are left out of its softmax. Where all logits are equal the loss is B log B.
    """
    import torch
    from torch.nn import functional as F

    pairs = torch.arange(len(logits), device=logits.device)
    other = same_image & (pairs.unsqueeze(0) != pairs.unsqueeze(1))
    logits = logits.masked_fill(other, -torch.inf)
    return 0.5 * (
        F.cross_entropy(logits, pairs, reduction="sum") + F.cross_entropy(logits.T, pairs, reduction="sum")
    )
