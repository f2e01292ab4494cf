"""Section `methods`: the rows of the table."""

from typing import Annotated, Literal

from pydantic import Field

from gxn.configuration.networks import Loss
from gxn.configuration.section import Colour, Flag, Name, NullFromText, Section, partial
from gxn.configuration.training import Joint


class Method(Section):
    """A row of the table: an encoder, a ranking loss, and what it imagines."""

    encoder: Name = Field(description="Its entry of `encoders`")
    loss: Annotated[Loss | None, NullFromText] = Field(
        None, description="Ranking loss of the joint stage; left out: the encoder's"
    )
    captioning: Literal["none", "xe", "mix"] = Field(
        "none", description="Captions: none, by cross-entropy, or by its mix with the self-critical loss"
    )
    drawing: Flag = Field(False, description="Whether the row draws")
    joint: partial(Joint) = Field(
        default={}, validate_default=True, description="Keys of `joint` that this row has otherwise"
    )
    label: str | None = Field(
        None, min_length=1, max_length=60, description="Name in print; left out: the key"
    )
    colour: Colour | None = Field(None, description="Colour in figures, #RRGGBB; left out: by its place")

    @property
    def imagines(self) -> bool:
        """Whether the row captions or draws."""
        return self.drawing or self.captioning != "none"
