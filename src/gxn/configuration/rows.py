"""Section `methods`: the rows of the table."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from gxn.configuration.networks import Loss
from gxn.configuration.section import FilePath, Flag, Name, Section, Weight, Whole, list_of, partial
from gxn.configuration.training import Joint


class Shown(Section):
    """How a row looks in tables and figures."""

    label: str | None = Field(
        None, min_length=1, max_length=60, description="Name in print; left out: the key"
    )
    colour: str | None = Field(
        None, pattern=r"^#[0-9A-Fa-f]{6}$", description="Colour in figures, #RRGGBB; left out: by its place"
    )


class Method(Shown):
    """A row that is trained: an encoder, a ranking loss, and what it imagines."""

    kind: Literal["trained"] = Field("trained", description="Trained by gradient descent, for every seed")
    encoder: Name = Field(description="Its entry of `encoders`")
    loss: Loss | None = Field(None, description="Ranking loss of the joint stage; left out: the encoder's")
    captioning: Literal["none", "xe", "mix"] = Field(
        "none", description="Captions: none, by cross-entropy, or by its mix with the self-critical loss"
    )
    drawing: Flag = Field(False, description="Whether the row draws")
    joint: partial(Joint) = Field(
        default={}, validate_default=True, description="Keys of `joint` that this row has otherwise"
    )

    @property
    def imagines(self) -> bool:
        """Whether the row captions or draws."""
        return self.drawing or self.captioning != "none"


class Cca(Shown):
    """Canonical correlation analysis in closed form of image features and TF-IDF captions; it has no seed.

    The setting with the highest validation rsum is chosen from the grid of all combinations.
    """

    kind: Literal["cca"]
    image_ridges: list_of(Weight, 1) = Field(
        (0.1, 0.3, 1.0), description="Grid of ridges of the images, in units of their mean variance"
    )
    text_ridges: list_of(Weight, 1) = Field(
        (0.3, 1.0, 3.0), description="Grid of ridges of the captions, likewise"
    )
    dims: list_of(Annotated[Whole, Field(ge=1, le=16384)], 1) = Field(
        (64, 128, 256), description="Grid of dimensions of the joint space"
    )
    power: Weight = Field(
        1.0, description="Power of the correlations that scales the dimensions; 0: plain CCA"
    )
    max_words: Annotated[Whole, Field(ge=1, le=20_000)] = Field(
        4000, description="Most words that count, the most frequent ones: time grows with their cube"
    )


class Foreign(Shown):
    """Embeddings of the test split that another program made, such as CLIP's; it has no seed."""

    kind: Literal["embeddings"]
    file: FilePath = Field(description="HDF5 or .npz: image, caption, imgid, sentid, similarity")


def _trained_by_default(value: Any) -> Any:
    return {"kind": "trained", **value} if isinstance(value, Mapping) and "kind" not in value else value


Row = Annotated[Method | Cca | Foreign, Field(discriminator="kind"), BeforeValidator(_trained_by_default)]
