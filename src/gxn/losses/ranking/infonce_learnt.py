"""InfoNCE with a temperature that is learnt beside the encoders (CLIP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from gxn.configuration.section import Real, Section

if TYPE_CHECKING:
    from gxn.losses.temperature import LearntTemperature


class Parameters(Section):
    """Parameters of InfoNCE with a learnt temperature."""

    temperature: Real = Field(
        0.07, ge=0.01, le=1, description="Where the temperature starts; it stays within 0.01 and 1"
    )


def build(parameters: Parameters) -> LearntTemperature:
    """Return the loss as a module, with the temperature's weight to train."""
    from gxn.losses.temperature import LearntTemperature

    return LearntTemperature(parameters.temperature)
