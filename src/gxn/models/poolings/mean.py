"""Mean of the GRU's states."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gxn.configuration.section import Section

if TYPE_CHECKING:
    from torch import Tensor

READS = "states"


class Parameters(Section):
    """The mean has no parameters."""


def build(parameters: Parameters) -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """Return `pool`."""
    return pool


def pool(states: Tensor, row: Tensor, step: Tensor, lengths: Tensor) -> Tensor:
    """Mean over the steps of each caption, (B, D)."""
    total = states.new_zeros(len(lengths), states.shape[1]).index_add(0, row, states)
    return total / lengths.to(states, non_blocking=True).unsqueeze(1)
