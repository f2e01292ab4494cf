"""Hinges over the negatives of a batch, in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def hinges(scores: Tensor, same_image: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    """Compute [margin - s_ii + s_ij]_+ and [margin - s_jj + s_ij]_+, both (B, B): of captions and of images.

    Pairs of one image have no hinge: 0.
    """
    positive = scores.diagonal()
    captions = (margin - positive.unsqueeze(1) + scores).clamp(min=0).masked_fill(same_image, 0)
    images = (margin - positive.unsqueeze(0) + scores).clamp(min=0).masked_fill(same_image, 0)
    return captions, images
