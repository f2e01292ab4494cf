"""A temperature that is learnt (CLIP)."""

import math

import torch
from torch import Tensor, nn

from gxn.losses.ranking.infonce import contrast

LARGEST = math.log(100.0)  # of the logarithm of 1 / temperature


class LearntTemperature(nn.Module):
    """InfoNCE whose temperature is exp(-s), s a trained scalar within 0 and log 100."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))

    def forward(self, scores: Tensor, same_image: Tensor) -> Tensor:
        """Loss of `gxn.losses.ranking.infonce` of scores (B, B); s outside its bounds counts as the bound.

        The weight itself is put back within the bounds, where its gradient does not vanish.
        """
        with torch.no_grad():
            self.log_scale.clamp_(0.0, LARGEST)
        return contrast(scores * self.log_scale.exp(), same_image)
