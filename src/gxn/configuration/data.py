"""Sections `dataset` and `vocabulary`: which captioned images, and which of their words."""

from typing import Annotated, Literal

from pydantic import Field

from gxn.configuration.section import Count, FromText, Name, Section, Words, choice


class Dataset(Section):
    """The captioned images."""

    name: Name = Field(description="Folder under data/ and results/, and the table's first column")
    gan_image_size: Annotated[Literal[16, 32, 64, 128, 256], FromText] = Field(
        description="Side in pixels of the images that the generator learns to draw"
    )
    source: choice("gxn.sources") = Field(description="Where images and captions come from")


class Vocabulary(Section):
    """The words that are learnt."""

    tokeniser: Literal["words", "characters"] = Field(
        description="Tokens of a caption that has none: words between white space, or characters of scripts that "
        "are written without spaces"
    )
    min_count: Count = Field(description="Words that occur less often in the training split become <unk>")
    max_length: Words = Field(description="Words of a caption that are kept; the rest is cut off")
