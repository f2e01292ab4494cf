"""Hinge over all negatives of the batch (GXN, equations 2 and 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gxn.configuration.section import Positive, Section
from gxn.losses.ranking._hinges import hinges

if TYPE_CHECKING:
    from torch import Tensor


class Parameters(Section):
    """Parameters of the hinge."""

    margin: Positive = Field(description="alpha: by how much a pair must score above its negatives")


def loss(scores: Tensor, same_image: Tensor, parameters: Parameters) -> Tensor:
    """Sum over pairs i and negatives j of [margin - s_ii + s_ij]_+ + [margin - s_ii + s_ji]_+."""
    captions, images = hinges(scores, same_image, parameters.margin)
    return captions.sum() + images.sum()
