"""The bi-directional hinge on the hardest negative of the batch (VSE++)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gxn.losses.hinge import Parameters, costs

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Parameters", "loss"]


def loss(scores: Tensor, same: Tensor, margin: float) -> Tensor:
    """Sum over pairs i of max_j [margin - s_ii + s_ij]_+ + max_j [margin - s_ii + s_ji]_+, j the negatives of i.

    From random weights it collapses to one point for all inputs: train by another loss first.

    Args:
        scores: (B, B), row i image, column j caption; the pairs are on the diagonal.
        same: (B,) integers, the image of each pair; pairs of one image are not negatives of each other.
    """
    captions, images = costs(scores, same, margin)
    return captions.amax(1).sum() + images.amax(0).sum()
