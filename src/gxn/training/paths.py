"""What one batch does: a path owns its optimisers and takes its own optimiser step (GXN, Algorithm 1)."""

from typing import Protocol

from torch import Tensor, nn
from torch.optim import Optimizer

from gxn.training.data import Batch, Split


class TrainingPath(Protocol):
    """One kind of update. A stage is a list of paths, taken in order on every batch.

    Attributes:
        modules: the networks that the path trains or needs kept, by name.
        optimizers: its optimisers, by name.
    """

    modules: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]

    def start_epoch(self, epoch: int) -> None:
        """Set what depends on the epoch: learning rates, scheduled sampling."""

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Update the parameters on one batch; scalar losses by name, detached."""

    def validate(self, split: Split) -> dict[str, float]:
        """Figures on the validation split, by name."""
