"""Imagine of other images than the pair's: the control whose grounding must not help."""

from dataclasses import replace

from torch import Tensor

from gxn.training.data import Batch, Split
from gxn.training.drawing import mismatched_pairs
from gxn.training.objective import Objective


class Shuffled:
    """An imagining objective whose pairs do not belong together; all else is as it was.

    Captioning then learns, from another image's features, the pair's caption and the reward of the pair's
    image; drawing learns, from the pair's caption, another image. The gradients that reach the encoders have
    the size of the true ones and say nothing of the pair.
    """

    def __init__(self, objective: Objective, taken: str) -> None:
        """`taken`: the field of a batch that is another pair's: `features` for captions, `image` for drawings."""
        self.objective, self.taken = objective, taken
        self.modules, self.optimizers = objective.modules, objective.optimizers

    def start_epoch(self, epoch: int) -> None:
        """Set the rates of the epoch, as the objective does."""
        self.objective.start_epoch(epoch)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Update on the batch with each pair's `taken` from the next pair of another image."""
        rows = mismatched_pairs(batch.image, "next")
        return self.objective.step(replace(batch, **{self.taken: getattr(batch, self.taken)[rows]}))

    def validate(self, split: Split) -> dict[str, float]:
        """Compute the objective's metrics on the true pairs."""
        return self.objective.validate(split)
