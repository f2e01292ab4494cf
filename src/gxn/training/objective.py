"""Describes what one batch does: an objective owns its optimisers and takes its own step (GXN, Algorithm 1)."""

from typing import Protocol

from torch import Tensor, nn
from torch.optim import Optimizer

from gxn.configuration.stage_settings import RankingSettings
from gxn.training.data import Batch, Split


class Objective(Protocol):
    """One kind of update. A stage is a list of objectives, taken in order on every batch.

    Attributes:
        modules: the networks that the objective trains or needs kept, by name.
        optimizers: its optimisers, by name.
    """

    modules: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]

    def start_epoch(self, epoch: int) -> None:
        """Set what depends on the epoch: learning rates, scheduled sampling."""

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Update the parameters on one batch; scalar losses by name, detached."""

    def validate(self, split: Split) -> dict[str, float]:
        """Compute metrics on the validation split, by name."""


class System(Objective, Protocol):
    """An objective that trains a whole row: as long as the ranking pretraining, then as the joint stage."""

    def begin(self, ranking: RankingSettings, epochs: int, steps_per_epoch: int) -> None:
        """Begin a phase: its rates and norm, its length, and Adam without what it remembers.

        Args:
            epochs: passes over the training captions.
            steps_per_epoch: updates in each.
        """

    def embed(self, split: Split) -> tuple[list[Tensor], list[Tensor]]:
        """Embed images (N, J) and captions (C, J) of a split, float32, in each space."""


def in_turn(imagining: list[Objective], matching: Objective, steps: int) -> list[Objective]:
    """Order the updates on a batch: each imagining objective is followed by a ranking update.

    With two imagining objectives and two ranking updates this is Algorithm 1. Further ranking updates come at the
    end; where there are fewer, the earlier objectives go without.
    """
    objectives: list[Objective] = []
    without = len(imagining) - steps
    for place, objective in enumerate(imagining):
        objectives += [objective] if place < without else [objective, matching]
    return objectives + [matching] * (steps - len(imagining))
