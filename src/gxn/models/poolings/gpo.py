"""Learnt weighted mean of the GRU's states, each dimension sorted (generalized pooling, VSE-infinity)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gxn.configuration.section import Real, Section, Whole

if TYPE_CHECKING:
    from gxn.models.gpo import GeneralizedPooling

READS = "states"


class Parameters(Section):
    """Parameters of the generalized pooling; the defaults are VSE-infinity's."""

    position_dim: Whole = Field(32, ge=2, le=512, multiple_of=2, description="Width of a position's code")
    hidden: Whole = Field(32, ge=1, le=512, description="State of the GRU that reads the positions")
    temperature: Real = Field(0.1, ge=0.01, le=10, description="Of the softmax over positions")


def build(parameters: Parameters) -> GeneralizedPooling:
    """Return the pooling module, with weights of its own to train."""
    from gxn.models.gpo import GeneralizedPooling

    return GeneralizedPooling(parameters.position_dim, parameters.hidden, parameters.temperature)
