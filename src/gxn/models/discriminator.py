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
    """Logit w . lrelu(h) + <f(c), h> / sqrt(256) of image features h and caption c (Miyato and Koyama, 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Linear(PROJECTION, 1)

    def forward(self, features: Tensor, text: Tensor) -> Tensor:
        """Return logits (B,) of h (B, 256) and f(c) (B, 256)."""
        return self.score(F.leaky_relu(features, 0.2)).squeeze(1) + (text * features).sum(1) / PROJECTION**0.5

    def products(self, features: Tensor, text: Tensor) -> Tensor:
        """Return <f(c), h> / sqrt(256), (N, M), of every h (N, 256) and every f(c) (M, 256)."""
        return features @ text.T / PROJECTION**0.5


class ConcatenationHead(nn.Module):
    """Logit of maps joined with the caption at every place, by a 1x1 convolution (GAN-CLS, StackGAN)."""

    def __init__(self, channels: int, cond_dim: int, norm: DiscriminatorNorm) -> None:
        super().__init__()
        self.judge = nn.Sequential(
            nn.Conv2d(channels + cond_dim, channels, 1, bias=norm != "batch"),
            *([nn.BatchNorm2d(channels)] if norm == "batch" else []),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, 1, SMALLEST),
        )

    def forward(self, maps: Tensor, text: Tensor) -> Tensor:
        """Return logits (B,) of maps (B, channels, 4, 4) and captions (B, C)."""
        repeated = text[:, :, None, None].expand(-1, -1, SMALLEST, SMALLEST)
        return self.judge(torch.cat([maps, repeated], 1)).flatten()


class Discriminator(nn.Module):
    """The discriminator D_i: (image, caption) -> a logit.

    Convolutions 4x4 of stride 2 with LeakyReLU reduce the image to maps of 4 x 4 places (GAN-CLS). Then a head
    joins image and caption c, whose parts are computed apart, as each serves several pairs:

    - `projection`: h = Linear(flattened maps) and f(c), two layers, meet in `ProjectionHead`. On scenes it told
      0.92 of true pairs from mismatched ones where concatenation told 0.82.
    - `concatenation`: maps and caption meet in `ConcatenationHead`.

    Args:
        joint_dim, cond_dim: widths of t_l and t_c.
        channels: of the first feature map; they double as the side halves.
        size: side of an image, pixels.
        kind: which head.
        reads: the caption c is t_l (B, J) where it is `text`, for concatenation reduced to C numbers (GAN-CLS);
            it is the mean of t_c (B, C) where it is `mean` (StackGAN).
        norm: `batch` norm after each convolution but the first and the last; `spectral` norm of every convolution
            (Miyato et al., 2018), not of linear layers: so held, the inner product was too small to learn captions
            (facts found in drawings after 60 s: 0.18, not 0.45); or `none`.
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
        caption_dim = joint_dim if reads == "text" else cond_dim
        self.reads = reads
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
            first, second = nn.Linear(caption_dim, PROJECTION), nn.Linear(PROJECTION, PROJECTION)
            self.text_proj = nn.Sequential(first, nn.LeakyReLU(0.2), second)
            self.head = ProjectionHead()
        else:
            reduced = nn.Sequential(nn.Linear(joint_dim, cond_dim), nn.LeakyReLU(0.2))
            self.text_proj = reduced if reads == "text" else nn.Identity()
            self.head = ConcatenationHead(channels, cond_dim, norm)
        self.image_tower = nn.Sequential(*layers)
        self.apply(initialise)
        if norm == "spectral":
            for each in [each for each in self.modules() if isinstance(each, nn.Conv2d)]:
                spectral_norm(each)

    def look(self, images: Tensor) -> Tensor:
        """Return what the head reads of images (B, 3, S, S) in [-1, 1]."""
        return self.image_tower(images)

    def read(self, caption: Tensor) -> Tensor:
        """Return what the head reads of captions (B, J) or (B, C)."""
        return self.text_proj(self.standardizer(caption) if self.reads == "text" else caption)

    def match(self, seen: Tensor, text: Tensor) -> Tensor:
        """Return logits (B,) of what `look` and `read` returned."""
        return self.head(seen, text)

    def forward(self, images: Tensor, caption: Tensor) -> Tensor:
        """Return logits (B,) of images (B, 3, S, S) in [-1, 1] and captions (B, J) or (B, C)."""
        return self.match(self.look(images), self.read(caption))
