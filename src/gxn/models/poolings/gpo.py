"""A caption is a learnt weighted mean of its GRU's states, sorted by size (generalized pooling, VSE-infinity)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from gxn.models.gpo import GeneralizedPooling

READS = "states"


class Parameters(BaseModel):
    """Parameters of the generalized pooling; defaults of VSE-infinity's code."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    position_dim: int = Field(
        default=32, ge=2, le=512, multiple_of=2, description="width of a position's code"
    )
    hidden: int = Field(default=32, ge=1, le=512, description="width of the GRU that reads the positions")
    temperature: float = Field(
        default=0.1, ge=0.01, le=10, allow_inf_nan=False, description="of the softmax over positions"
    )


def build(position_dim: int, hidden: int, temperature: float) -> GeneralizedPooling:
    """The pooling module, called as `gxn.models.poolings.mean.pool` is."""
    from gxn.models.gpo import GeneralizedPooling

    return GeneralizedPooling(position_dim, hidden, temperature)
