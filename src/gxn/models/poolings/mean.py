"""A caption is the mean of its GRU's states."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from torch import Tensor

READS = "states"  # of a GRU; `words`: the word vectors themselves, and there is no GRU


class Parameters(BaseModel):
    """The mean has no parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def build() -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """The pooling, see `pool`."""
    return pool


def pool(states: Tensor, row: Tensor, step: Tensor, lengths: Tensor) -> Tensor:
    """Mean over the steps of each caption, (B, D).

    Args:
        states: (S, D), one per step of each caption, in any order; S is the sum of the lengths.
        row, step: int64 (S,), the caption of each state and the number of its step from 0.
        lengths: int64 (B,), steps of each caption, at least 1.
    """
    total = states.new_zeros(len(lengths), states.shape[1]).index_add(0, row, states)
    return total / lengths.to(states, non_blocking=True).unsqueeze(1)
