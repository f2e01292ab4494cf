"""The two classifiers of ACMR: labels, shared by the modalities, and which modality an embedding is of."""

import torch
from torch import Tensor, nn

from gxn.models.encoders import linear

SCALE = 4.0  # unit embeddings are too short for a linear classifier to be sure of anything
RISE = 0.05  # of the discriminator's accuracy above its lowest: it is winning the game
STRONG = 0.5  # strength of the gradient reversal from which on its accuracy counts


class LabelClassifier(nn.Module):
    """One linear layer from unit embeddings (B, J) to logits (B, L), the same for images and captions."""

    def __init__(self, joint_dim: int, labels: int) -> None:
        super().__init__()
        self.linear = linear(joint_dim, labels)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Logits (B, L)."""
        return self.linear(SCALE * embeddings)


class ModalityDiscriminator(nn.Sequential):
    """J -> J/2 -> J/4 -> 1 with ReLU between; the published demo has none, so that it is linear."""

    def __init__(self, joint_dim: int) -> None:
        half, quarter = max(1, joint_dim // 2), max(1, joint_dim // 4)
        super().__init__(
            linear(joint_dim, half),
            nn.ReLU(),
            linear(half, quarter),
            nn.ReLU(),
            linear(quarter, 1),
            nn.Flatten(0),
        )


class AdversaryGuard(nn.Module):
    """Ends the game for good where the discriminator is winning, instead of tearing the modalities apart.

    Its state is in buffers, so that a resumed run goes on with it.

    Attributes:
        lowest: float32 (), the discriminator's lowest mean accuracy in an epoch of strong reversal.
        stopped: bool (), whether the game has ended.
        right, seen: float32 (), the accuracies of the present epoch, summed, and their number.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("lowest", torch.ones(()))
        self.register_buffer("stopped", torch.zeros((), dtype=torch.bool))
        self.register_buffer("right", torch.zeros(()))
        self.register_buffer("seen", torch.zeros(()))

    @torch.no_grad()
    def note(self, accuracy: Tensor) -> None:
        """Add the discriminator's accuracy () on a batch."""
        self.right.add_(accuracy)
        self.seen.add_(1)

    @torch.no_grad()
    def close_epoch(self, strength: float) -> bool:
        """End an epoch, at whose end the reversal had this strength; whether the game has ended."""
        if strength > STRONG and self.seen > 0:
            accuracy = self.right / self.seen
            torch.minimum(self.lowest, accuracy, out=self.lowest)
            self.stopped.logical_or_(accuracy > self.lowest + RISE)
        self.right.zero_()
        self.seen.zero_()
        return bool(self.stopped)


@torch.no_grad()
def modality_accuracy(image_logits: Tensor, text_logits: Tensor) -> Tensor:
    """Share () of the discriminator's logits (B,) that have the right sign: above 0 for images."""
    return torch.cat([image_logits > 0, text_logits <= 0]).float().mean()
