"""Drawings of captions as pictures: what the generator makes of the mean condition."""

import numpy as np
import torch
from torch import Tensor

from gxn.models.generator import ConditioningAugmentation, Generator


@torch.no_grad()
def draw(
    augmentation: ConditioningAugmentation, generator: Generator, grounded: Tensor, batch: int
) -> np.ndarray:
    """Draw uint8 (N, 3, S, S), one picture of each t_l (N, J), from noise of torch's generator."""
    drawings: list[Tensor] = []
    for part in grounded.split(batch):
        images = generator(augmentation(part)[1])  # the mean condition: the picture of the caption itself
        drawings.append(((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8))
    return torch.cat(drawings).numpy(force=True)
