"""The bi-directional hinge, summed over all negatives of the batch (VSE0; GXN, equations 2 and 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from torch import Tensor


class Parameters(BaseModel):
    """Parameters of the sum of hinges."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    margin: float = Field(
        gt=0,
        le=2,
        allow_inf_nan=False,
        description="by how much a pair must score above its negatives: 0.2 for a cosine (VSE++), 0.05 for an "
        "order violation (order embeddings)",
    )


def loss(scores: Tensor, same: Tensor, margin: float) -> Tensor:
    """Sum of [margin - s_ii + s_ij]_+ + [margin - s_ii + s_ji]_+ over pairs i and negatives j.

    The scores are already mixed over the spaces, so that one margin serves all of them. The loss is a sum over
    the batch, not a mean: VSE++ and order embeddings clip the gradient norm of this sum at 2.

    Args:
        scores: (B, B), row i image, column j caption; the pairs are on the diagonal.
        same: (B,) integers, the image of each pair; pairs of one image are not negatives of each other.
    """
    captions, images = costs(scores, same, margin)
    return captions.sum() + images.sum()


def costs(scores: Tensor, same: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    """Hinges (B, B) of each image against captions j, and of each caption j against images i; 0 where excluded."""
    positive = scores.diagonal()
    excluded = same.unsqueeze(0) == same.unsqueeze(1)
    captions = (margin - positive.unsqueeze(1) + scores).clamp(min=0).masked_fill(excluded, 0)
    images = (margin - positive.unsqueeze(0) + scores).clamp(min=0).masked_fill(excluded, 0)
    return captions, images
