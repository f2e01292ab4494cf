"""The field's `*_precomp` folders: `train_ims.npy`, features, beside `train_caps.txt`, and so for dev and test."""

from pathlib import Path

from gxn.datasets.layouts._rows import Row
from gxn.features.precomp import is_precomp, read_precomp

NAME = "a *_precomp folder (name it; features.file names it too)"
EXAMPLE = """f30k_precomp/train_ims.npy      an array, (images, width) or (images, regions, width)
f30k_precomp/train_caps.txt     A dog runs.
                                A brown dog.
f30k_precomp/dev_ims.npy, dev_caps.txt, test_ims.npy, test_caps.txt
"""


def recognise(path: Path, head: bytes) -> bool:
    """Say whether the path is a folder with the features and the captions of a training split."""
    return is_precomp(path)


def read(path: Path) -> list[Row]:
    """Read the captions with their splits; images are called `{split}_{number}`.

    Raises:
        GxnError: a file is missing or damaged, or features and captions do not fit each other.
    """
    return read_precomp(path)[0]
