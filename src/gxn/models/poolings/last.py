"""A caption is the last state of its GRU (VSE++)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gxn.models.poolings.mean import Parameters

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["READS", "Parameters", "build", "pool"]

READS = "states"


def build() -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """The pooling, see `pool`."""
    return pool


def pool(states: Tensor, row: Tensor, step: Tensor, lengths: Tensor) -> Tensor:
    """The state at the last step of each caption, (B, D).

    A backward GRU counts its steps from the caption's end, so that its last state is that after the first word.

    Args:
        states: (S, D), one per step of each caption, in any order; S is the sum of the lengths.
        row, step: int64 (S,), the caption of each state and the number of its step from 0.
        lengths: int64 (B,), steps of each caption, at least 1.
    """
    ends = (step == lengths.to(step.device)[row] - 1).nonzero().squeeze(1)
    return states[ends[row[ends].argsort()]]
