"""Imagine an image: conditioning augmentation (StackGAN) and the generator G_i."""

from typing import Literal

import torch
from torch import Tensor, nn

from gxn.errors import GxnError
from gxn.models.standardizer import Standardizer

SMALLEST = 4  # side, in pixels, of the feature map between the linear and the convolutional layers
GeneratorKind = Literal["upsampling", "transposed"]


def doublings(size: int) -> int:
    """Count how often SMALLEST doubles to give an image of side `size`, in pixels.

    Raises:
        GxnError: `size` is not a power of two from 16 on.
    """
    count = (size // SMALLEST).bit_length() - 1
    if size < 16 or SMALLEST << count != size:
        raise GxnError(f"dataset.gan_image_size: must be a power of two, at least 16, not {size}")
    return count


def initialise(module: nn.Module) -> None:
    """Draw convolution weights from N(0, 0.02^2) and batch norm scales from N(1, 0.02^2) (DCGAN, GAN-CLS)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
        nn.init.normal_(module.weight, 1.0, 0.02)


class ConditioningAugmentation(nn.Module):
    """Conditioning augmentation: t_c ~ N(mu(t_l), sigma(t_l)^2), mu and log sigma^2 linear in t_l (StackGAN)."""

    def __init__(self, joint_dim: int, cond_dim: int) -> None:
        super().__init__()
        self.standardizer = Standardizer(joint_dim)
        self.both = nn.Linear(joint_dim, 2 * cond_dim)

    def forward(self, grounded: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return t_c, its mean and its log variance, float (B, C) each, of t_l (B, J)."""
        mean, log_variance = self.both(self.standardizer(grounded)).chunk(2, dim=1)
        condition = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return condition, mean, log_variance


def _upsampling(channels: int, count: int) -> list[nn.Module]:
    """Return `count` times nearest-neighbour x 2, conv 3x3, batch norm, ReLU, then conv 3x3 to RGB (StackGAN).

    The channels halve at each step but the last one. Every output pixel of a 3x3 convolution sums over
    equally many inputs, so there is no cause for a checkerboard.
    """
    layers: list[nn.Module] = []
    for step in range(count):
        out = channels // 2 if step < count - 1 else channels
        layers += [
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(channels, out, 3, padding=1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
        ]
        channels = out
    return [*layers, nn.Conv2d(channels, 3, 3, padding=1)]


def _transposed(channels: int, count: int) -> list[nn.Module]:
    """Return `count` transposed 4x4 convolutions of stride 2, batch norm and ReLU between them (GAN-CLS)."""
    layers: list[nn.Module] = []
    for _ in range(count - 1):
        layers += [
            nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(channels // 2),
            nn.ReLU(),
        ]
        channels //= 2
    return [*layers, nn.ConvTranspose2d(channels, 3, 4, 2, 1)]


class Generator(nn.Module):
    """The generator G_i: (z, t_c) -> an image in [-1, 1].

    A linear layer makes a feature map of 4 x 4 places, whose side doubles until it is the image's: by nearest-
    neighbour upsampling and 3x3 convolutions (`upsampling`, StackGAN), or by transposed 4x4 convolutions
    (`transposed`, GAN-CLS), which take less time per update and draw checkerboards.

    Args:
        cond_dim, z_dim: widths of t_c and z.
        channels: of the last feature map; each earlier one of half the side has twice as many.
        size: side of an image, pixels.
        kind: which of the two.
    """

    def __init__(self, cond_dim: int, z_dim: int, channels: int, size: int, kind: GeneratorKind) -> None:
        super().__init__()
        count = doublings(size)
        self.z_dim = z_dim
        first = channels * 2 ** (count - 1)
        self.start = nn.Sequential(
            nn.Linear(cond_dim + z_dim, first * SMALLEST**2, bias=False),
            nn.Unflatten(1, (first, SMALLEST, SMALLEST)),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        )
        layers = {"upsampling": _upsampling, "transposed": _transposed}[kind](first, count)
        self.upsample = nn.Sequential(*layers, nn.Tanh())
        self.apply(initialise)

    def forward(self, condition: Tensor, noise: Tensor | None = None) -> Tensor:
        """Draw images (B, 3, S, S) from t_c (B, C) and z (B, Z), which is drawn from N(0, I) unless given."""
        if noise is None:
            noise = torch.randn(len(condition), self.z_dim, device=condition.device)
        return self.upsample(self.start(torch.cat([condition, noise], 1)))
