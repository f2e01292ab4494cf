"""Imagine an image: conditioning augmentation, generator and matching-aware discriminator (GAN-CLS, StackGAN)."""

import torch
from torch import Tensor, nn

from gxn.configuration.networks import Model
from gxn.errors import GxnError
from gxn.models.standardizer import Standardizer

SMALLEST = 4  # side of the feature map between the linear and the convolutional parts


def doublings(size: int) -> int:
    """How often SMALLEST doubles to give an image of side `size`.

    Raises:
        GxnError: `size` is no power of two from 16 on.
    """
    count = (size // SMALLEST).bit_length() - 1
    if size < 16 or SMALLEST << count != size:
        raise GxnError(f"dataset.gan_image_size: must be a power of two from 16 on, not {size}")
    return count


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
        nn.init.normal_(module.weight, 1.0, 0.02)


class ConditioningAugmentation(nn.Module):
    """phi, mu and sigma: t_l -> t_c ~ N(mu(phi(t_l)), sigma(phi(t_l)))."""

    def __init__(self, joint: int, condition: int) -> None:
        super().__init__()
        self.standardizer = Standardizer(joint)
        self.both = nn.Linear(joint, 2 * condition)

    @classmethod
    def of(cls, model: Model) -> "ConditioningAugmentation":
        """As configured."""
        return cls(model.joint_dim, model.cond_dim)

    def forward(self, grounded: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """t_c, its mean and its log variance, (B, C) each, of t_l (B, J)."""
        mean, log_variance = self.both(self.standardizer(grounded)).chunk(2, dim=1)
        condition = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return condition, mean, log_variance


class Generator(nn.Module):
    """G_i: (z, t_c) -> an image in [-1, 1], by transposed convolutions that double its side."""

    def __init__(self, condition: int, noise: int, width: int, size: int) -> None:
        super().__init__()
        count = doublings(size)
        self.noise = noise
        channels = width * 2 ** (count - 1)
        self.start = nn.Sequential(
            nn.Linear(condition + noise, channels * SMALLEST**2, bias=False),
            nn.Unflatten(1, (channels, SMALLEST, SMALLEST)),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )
        layers: list[nn.Module] = []
        for _ in range(count - 1):
            layers += [
                nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False),
                nn.BatchNorm2d(channels // 2),
                nn.ReLU(),
            ]
            channels //= 2
        self.grow = nn.Sequential(*layers, nn.ConvTranspose2d(channels, 3, 4, 2, 1), nn.Tanh())
        self.apply(_initialise)

    @classmethod
    def of(cls, model: Model, size: int) -> "Generator":
        """As configured, for images of side `size`."""
        return cls(model.cond_dim, model.z_dim, model.g_channels, size)

    def forward(self, condition: Tensor, noise: Tensor | None = None) -> Tensor:
        """Images (B, 3, S, S) of t_c (B, C) and z (B, Z) ~ N(0, I), drawn here unless given."""
        if noise is None:
            noise = torch.randn(len(condition), self.noise, device=condition.device)
        return self.grow(self.start(torch.cat([condition, noise], 1)))


class Discriminator(nn.Module):
    """D_i: (image, caption) -> a logit. The image's part is kept apart, so that it serves two captions at once.

    With `reads` = `text` the caption is t_l (B, J), reduced here (GAN-CLS); with `mean` it is the mean of t_c
    (B, C), as conditioning augmentation has it (StackGAN).
    """

    def __init__(self, joint: int, condition: int, width: int, size: int, reads: str) -> None:
        super().__init__()
        self.reads = reads
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        channels = width
        for _ in range(doublings(size) - 1):
            layers += [
                nn.Conv2d(channels, channels * 2, 4, 2, 1, bias=False),
                nn.BatchNorm2d(channels * 2),
                nn.LeakyReLU(0.2),
            ]
            channels *= 2
        self.look = nn.Sequential(*layers)
        if reads == "text":
            self.standardizer = Standardizer(joint)
            self.read = nn.Sequential(nn.Linear(joint, condition), nn.LeakyReLU(0.2))
        self.judge = nn.Sequential(
            nn.Conv2d(channels + condition, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, 1, SMALLEST),
        )
        self.apply(_initialise)

    @classmethod
    def of(cls, model: Model, size: int) -> "Discriminator":
        """As configured, for images of side `size`."""
        return cls(model.joint_dim, model.cond_dim, model.d_channels, size, model.discriminator_reads)

    def match(self, seen: Tensor, caption: Tensor) -> Tensor:
        """Logits (B,) of image features from `look` against captions, replicated over the 4 x 4 places."""
        condition = self.read(self.standardizer(caption)) if self.reads == "text" else caption
        condition = condition[:, :, None, None].expand(-1, -1, SMALLEST, SMALLEST)
        return self.judge(torch.cat([seen, condition], 1)).flatten()

    def forward(self, images: Tensor, caption: Tensor) -> Tensor:
        """Logits (B,) of images (B, 3, S, S) in [-1, 1] and captions."""
        return self.match(self.look(images), caption)
