"""What a data source says of itself before anything is made."""

from typing import NamedTuple

from gxn.configuration.section import Section


class Counts(NamedTuple):
    """Images of each split, and captions of the training split."""

    train: int
    val: int
    test: int
    captions: int


class Source(Section):
    """Parameters of a data source, with the defaults of one that reads the user's files."""

    def renders(self) -> bool:
        """Whether the source makes its own images, rather than reading a folder of the user's."""
        return False

    def captions_file(self) -> str | None:
        """The user's captions file, if there is one."""
        return None

    def images_folder(self) -> str | None:
        """The user's folder of images; None where the source renders."""
        return None

    def counts(self) -> Counts | None:
        """How many images and training captions there will be; None where only the files can tell."""
        return None

    def image_side(self) -> int | None:
        """Side of the images in pixels; None where they differ or only the files can tell."""
        return None
