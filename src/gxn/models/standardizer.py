"""Standardised embeddings, which the generative networks read of the joint space."""

import torch
from torch import Tensor, nn

# training pairs whose embeddings tell mean and scale well enough
SAMPLE = 2048


class Standardizer(nn.Module):
    """Embeddings (B, J) less their mean, over their scale: those of training pairs then have a mean square of 1.

    Both are taken once, by the encoders of the warm-up, and kept while joint training moves them on.

    Embeddings of an order are non-negative and of length 1, so that most of each is what all have in common, and
    the rest is small: without this, decoder and generator ignore their conditioning early in training.

    Attributes:
        mean: float32 (J,); `scale`: float32 (). Zeros and one until `fit`, then part of the checkpoint.
    """

    def __init__(self, joint: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(joint))
        self.register_buffer("scale", torch.ones(()))

    @torch.no_grad()
    def fit(self, embedded: Tensor) -> None:
        """Take mean and scale, one for all dimensions, from embeddings (N, J)."""
        self.mean.copy_(embedded.mean(0))
        self.scale.copy_((embedded - self.mean).square().mean().sqrt())

    def forward(self, embedded: Tensor) -> Tensor:
        """(B, J) of (B, J)."""
        return (embedded - self.mean) / self.scale
