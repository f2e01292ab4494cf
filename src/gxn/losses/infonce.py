"""InfoNCE: each image picks its caption out of the batch's, and each caption its image (CLIP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from torch import Tensor


class Parameters(BaseModel):
    """Parameters of InfoNCE."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    temperature: float = Field(
        default=0.05,
        ge=0.01,
        le=1,
        allow_inf_nan=False,
        description="divides the scores; smaller looks more at the hardest negatives",
    )


def loss(scores: Tensor, same: Tensor, temperature: float | Tensor) -> Tensor:
    """B / 2 times [CE(S / temperature, i) + CE(S' / temperature, i)], CE a mean over the batch of B pairs.

    The factor B makes it a sum over the batch, like the hinge: a largest gradient norm of 2, meant for such
    sums, would never act on a mean. At scores that are all equal, and no excluded pairs, it is B log B.

    Args:
        scores: (B, B) cosines, row i image, column j caption; the pairs are on the diagonal.
        same: (B,) integers, the image of each pair; other pairs of one image are left out of both softmaxes.
        temperature: a number, or a tensor () to learn.
    """
    import torch
    from torch.nn import functional as F

    pairs = torch.arange(len(same), device=same.device)
    excluded = (same.unsqueeze(0) == same.unsqueeze(1)) & (pairs.unsqueeze(0) != pairs.unsqueeze(1))
    logits = (scores / temperature).masked_fill(excluded, -torch.inf)
    return 0.5 * (
        F.cross_entropy(logits, pairs, reduction="sum") + F.cross_entropy(logits.T, pairs, reduction="sum")
    )
