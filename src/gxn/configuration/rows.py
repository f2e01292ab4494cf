"""Section `methods`: the rows of the table."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from gxn.configuration.networks import Loss
from gxn.configuration.section import Colour, FilePath, Flag, Name, NullFromText, Section, partial
from gxn.configuration.systems import Adversarial as AdversarialSettings
from gxn.configuration.systems import Cca as CcaSettings
from gxn.configuration.systems import Correspondence as CorrespondenceSettings
from gxn.configuration.training import Joint


class Shown(Section):
    """A row's label and colour in tables and figures."""

    label: str | None = Field(
        None, min_length=1, max_length=60, description="Name in print; left out: the key"
    )
    colour: Colour | None = Field(None, description="Colour in figures, #RRGGBB; left out: by its place")


class Trained(Shown):
    """A row that is trained by gradient descent, for every seed."""

    encoder: Name = Field(description="Its entry of `encoders`")
    joint: partial(Joint) = Field(
        default={}, validate_default=True, description="Keys of `joint` that this row has otherwise"
    )


class Method(Trained):
    """A row that is trained to rank: an encoder, a ranking loss, and what it imagines."""

    kind: Literal["trained"] = Field("trained", description="Trained by gradient descent, for every seed")
    loss: Annotated[Loss | None, NullFromText] = Field(
        None, description="Ranking loss of the joint stage; left out: the encoder's"
    )
    captioning: Literal["none", "xe", "mix"] = Field(
        "none", description="Captions: none, by cross-entropy, or by its mix with the self-critical loss"
    )
    drawing: Flag = Field(False, description="Whether the row draws")
    shuffled: Flag = Field(
        False, description="A control: the joint stage imagines captions and drawings of other images"
    )

    @property
    def imagines(self) -> bool:
        """Say whether the row captions or draws."""
        return self.drawing or self.captioning != "none"


class Correspondence(Trained, CorrespondenceSettings):
    """Two autoencoders with tied codes, which no ranking loss trains (Corr-AE)."""

    kind: Literal["correspondence"]


class Adversarial(Trained, AdversarialSettings):
    """A ranking loss, or distances, beside labels and an adversary (ACMR)."""

    kind: Literal["adversarial"]


class Cca(Shown, CcaSettings):
    """A closed form without a seed."""

    kind: Literal["cca"]


class Foreign(Shown):
    """Embeddings of the test split that another program made, such as CLIP's; it has no seed."""

    kind: Literal["embeddings"]
    file: FilePath = Field(description="HDF5 or .npz: image, caption, imgid, sentid, similarity")


def _trained_by_default(value: Any) -> Any:
    return {"kind": "trained", **value} if isinstance(value, Mapping) and "kind" not in value else value


System = Correspondence | Adversarial
Row = Annotated[
    Method | System | Cca | Foreign, Field(discriminator="kind"), BeforeValidator(_trained_by_default)
]
