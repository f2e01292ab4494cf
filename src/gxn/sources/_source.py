"""Describes what a data source says of itself before anything is made."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gxn.configuration.section import Section


class Counts(NamedTuple):
    """Images of each split, and captions of the training split."""

    train: int
    val: int
    test: int
    captions: int


@dataclass(frozen=True)
class Order:
    """A dataset to be made: its name, the files to write and the settings.

    Attributes:
        name: the dataset's name, written into the captions.
        captions: JSON to write.
        images: HDF5 of rendered images to write; None: the source renders none.
        split: JSON to write of what was decided on ids and splits; None: the source decides nothing.
        tokeniser: of raw captions, one of gxn.datasets.tokenisers.TOKENISERS.
        features: file or folder of precomputed features that images must have; None: features are computed.
    """

    name: str
    captions: Path
    images: Path | None = None
    split: Path | None = None
    tokeniser: str = "words"
    features: Path | None = None


class Source(Section):
    """Parameters of a data source, with the defaults of one that reads the user's files."""

    def renders(self) -> bool:
        """Say whether the source makes its own images, rather than reading a folder of the user's."""
        return False

    def captions_files(self) -> tuple[str, ...]:
        """The user's files or folders of captions."""
        return ()

    def images_folder(self) -> str | None:
        """The user's folder of images; None where the source renders, or has precomputed features alone."""
        return None

    def counts(self) -> Counts | None:
        """Numbers of images and training captions that there will be; None if only the files can tell."""
        return None

    def image_side(self) -> int | None:
        """Side of the images in pixels; None where they differ or only the files can tell."""
        return None
