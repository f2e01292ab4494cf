"""Last state of the GRU (VSE++)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gxn.configuration.section import Section

if TYPE_CHECKING:
    from torch import Tensor

READS = "states"


class Parameters(Section):
    """The last state has no parameters."""


def build(parameters: Parameters) -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """Return `pool`."""
    return pool


def pool(states: Tensor, row: Tensor, step: Tensor, lengths: Tensor) -> Tensor:
    """State at the last step of each caption, (B, D); of a backward GRU, that after the first word."""
    ends = (step == lengths.to(step.device)[row] - 1).nonzero().squeeze(1)
    return states[ends[row[ends].argsort()]]
