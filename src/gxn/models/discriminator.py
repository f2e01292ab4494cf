"""Judge an image and a caption: the matching-aware discriminator D_i, by projection or concatenation."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from gxn.models.generator import SMALLEST, doublings, initialise
from gxn.models.standardizer import Standardizer

DiscriminatorKind = Literal["projection", "concatenation"]
DiscriminatorNorm = Literal["batch", "spectral", "none"]
DiscriminatorReads = Literal["text", "mean"]
PROJECTION = 256  # width of the inner product of image and caption


class ProjectionHead(nn.Module):
    """Logit w . lrelu(h) + <f(c), h> / sqrt(256) of image features h and a caption c (Miyato and Koyama, 2018)."""

    def __init__(self, caption_dim: int) -> None:
        super().__init__()
        self.score = nn.Linear(PROJECTION, 1)
        self.text_proj = nn.Sequential(
            nn.Linear(caption_dim, PROJECTION), nn.LeakyReLU(0.2), nn.Linear(PROJECTION, PROJECTION)
        )

    def forward(self, features: Tensor, caption: Tensor) -> Tensor:
        """Return logits (B,) of h (B, 256) and captions (B, caption_dim)."""
        fit = (self.text_proj(caption) * features).sum(1) / PROJECTION**0.5
        return self.score(F.leaky_relu(features, 0.2)).squeeze(1) + fit


class ConcatenationHead(nn.Module):
    """Logit of maps joined with the caption at every place, by a 1x1 convolution (GAN-CLS, StackGAN)."""

    def __init__(self, channels: int, caption_dim: int, cond_dim: int, reduced: bool, norm: str) -> None:
        """`reduced`: the caption is first reduced to `cond_dim` numbers (GAN-CLS)."""
        super().__init__()
        self.text_proj = (
            nn.Sequential(nn.Linear(caption_dim, cond_dim), nn.LeakyReLU(0.2)) if reduced else nn.Identity()
        )
        width = cond_dim if reduced else caption_dim
        self.judge = nn.Sequential(
            nn.Conv2d(channels + width, channels, 1, bias=norm != "batch"),
            *([nn.BatchNorm2d(channels)] if norm == "batch" else []),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, 1, SMALLEST),
        )

    def forward(self, maps: Tensor, caption: Tensor) -> Tensor:
        """Return logits (B,) of maps (B, channels, 4, 4) and captions (B, caption_dim)."""
        condition = self.text_proj(caption)[:, :, None, None].expand(-1, -1, SMALLEST, SMALLEST)
        return self.judge(torch.cat([maps, condition], 1)).flatten()


class Discriminator(nn.Module):
    """The discriminator D_i: (image, caption) -> a logit.

    Convolutions 4x4 of stride 2 with LeakyReLU reduce the image to maps of 4 x 4 places (GAN-CLS). Either a head
    projects them (`projection`: `ProjectionHead` of h = Linear(flattened maps)), or it joins them with the caption
    (`concatenation`: `ConcatenationHead`). The image's part is kept apart, so that it serves two captions.

    Args:
        joint_dim, cond_dim: widths of t_l and t_c.
        channels: of the first feature map; they double as the side halves.
        size: side of an image, pixels.
        kind: which head.
        reads: the caption is t_l (B, J) where it is `text` (GAN-CLS), the mean of t_c (B, C) where it is `mean`
            (StackGAN).
        norm: `batch` norm after each convolution but the first and the last; `spectral` norm of every weight
            (Miyato et al., 2018); or `none`.
    """

    def __init__(
        self,
        joint_dim: int,
        cond_dim: int,
        channels: int,
        size: int,
        kind: DiscriminatorKind,
        reads: DiscriminatorReads,
        norm: DiscriminatorNorm,
    ) -> None:
        super().__init__()
        self.reads = reads
        caption_dim = joint_dim if reads == "text" else cond_dim
        if reads == "text":
            self.standardizer = Standardizer(joint_dim)
        layers: list[nn.Module] = [nn.Conv2d(3, channels, 4, 2, 1), nn.LeakyReLU(0.2)]
        for _ in range(doublings(size) - 1):
            layers.append(nn.Conv2d(channels, channels * 2, 4, 2, 1, bias=norm != "batch"))
            layers += [nn.BatchNorm2d(channels * 2)] if norm == "batch" else []
            layers.append(nn.LeakyReLU(0.2))
            channels *= 2
        if kind == "projection":
            layers += [nn.Flatten(), nn.Linear(channels * SMALLEST**2, PROJECTION)]
            self.head = ProjectionHead(caption_dim)
        else:
            self.head = ConcatenationHead(channels, caption_dim, cond_dim, reads == "text", norm)
        self.image_tower = nn.Sequential(*layers)
        self.apply(initialise)
        if norm == "spectral":
            weighted = [each for each in self.modules() if isinstance(each, nn.Conv2d | nn.Linear)]
            for each in weighted:
                spectral_norm(each)

    def look(self, images: Tensor) -> Tensor:
        """Return what `match` reads of images (B, 3, S, S) in [-1, 1]."""
        return self.image_tower(images)

    def match(self, seen: Tensor, caption: Tensor) -> Tensor:
        """Return logits (B,) of what `look` returned against captions (B, J) or (B, C)."""
        return self.head(seen, self.standardizer(caption) if self.reads == "text" else caption)

    def forward(self, images: Tensor, caption: Tensor) -> Tensor:
        """Return logits (B,) of images (B, 3, S, S) in [-1, 1] and captions (B, J) or (B, C)."""
        return self.match(self.look(images), caption)
