"""Embeddings to rank: from a small model that is trained on the spot, with the loss of order embeddings."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gxn.losses.ranking.hardest import Parameters, loss
from gxn.losses.similarity import order

LATENT, FEATURE = 64, 512
CAPTIONS = 5


class World:
    """Images with hidden properties; a caption tells half of them, and both are seen through noise."""

    def __init__(self) -> None:
        self.eye = torch.randn(LATENT, FEATURE) / LATENT**0.5
        self.tongue = torch.randn(LATENT, FEATURE) / LATENT**0.5

    def images(self, number: int) -> tuple[Tensor, Tensor]:
        """Hidden properties (N, LATENT) and features (N, FEATURE)."""
        hidden = torch.randn(number, LATENT)
        return hidden, F.relu(hidden @ self.eye + 0.3 * torch.randn(number, FEATURE))

    def captions(self, hidden: Tensor) -> Tensor:
        """Features (N, FEATURE) of one caption for each image."""
        told = hidden * (torch.rand_like(hidden) < 0.5)
        return F.relu(told @ self.tongue + 0.3 * torch.randn(len(hidden), FEATURE))


def embed(layer: nn.Module, features: Tensor) -> Tensor:
    """Unit vectors of the non-negative orthant, as order embeddings are."""
    return F.normalize(layer(features), dim=1).abs()


def trained(images: int, width: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (N, width) and (5 N, width) float32 of unseen images and of their captions, in order."""
    torch.manual_seed(0)
    world, eye, ear = World(), nn.Linear(FEATURE, width), nn.Linear(FEATURE, width)
    optimiser = torch.optim.Adam([*eye.parameters(), *ear.parameters()], 2e-4)
    own = torch.eye(128, dtype=torch.bool)
    for _ in range(steps):
        hidden, features = world.images(len(own))
        scores = order([embed(eye, features)], [embed(ear, world.captions(hidden))], [1.0])
        optimiser.zero_grad()
        loss(scores, own, Parameters(margin=0.05)).backward()
        optimiser.step()
    with torch.no_grad():
        hidden, features = world.images(images)
        texts = embed(ear, world.captions(hidden.repeat_interleave(CAPTIONS, 0)))
        return embed(eye, features).numpy(), texts.numpy()
