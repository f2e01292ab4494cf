"""A folder with one text file beside each picture, of the same name: `x.jpg` and `x.txt`, a caption a line."""

import collections
import unicodedata
from pathlib import Path

from gxn.datasets.folders import is_image_name, stem, walk
from gxn.datasets.layouts._rows import Problems, Row
from gxn.errors import GxnError
from gxn.regular import lines, read_text

NAME = "a text file beside each picture (name its folder)"
EXAMPLE = """photos/1.jpg
photos/1.txt        A dog runs.
                    A brown dog.
photos/2.jpg
photos/2.txt        A cat sleeps.
"""
SUFFIXES = (".txt", ".caption")


def recognise(path: Path, head: bytes) -> bool:
    """Say whether the path is a folder with a text file of captions in it or below it, and without `*_ims.npy`."""
    if not path.is_dir():
        return False
    names = list(walk(path))
    return any(name.lower().endswith(SUFFIXES) for name in names) and not any(
        name.endswith("_ims.npy") for name in names
    )


def read(path: Path) -> list[Row]:
    """Read the captions, in the order of the folder; each line that is not blank is one.

    Text files without a picture of their name belong to pictures in another folder where this one holds no
    picture at all, and are passed over (`readme.txt`) otherwise.

    Raises:
        GxnError: a text file is empty or not UTF-8, or no text file stands beside a picture.
    """
    names = list(walk(path))
    pictures: dict[str, list[str]] = collections.defaultdict(list)
    for name in names:
        if is_image_name(name):
            pictures[_key(stem(name))].append(name)
    problems, rows = Problems(str(path)), []
    for name in names:
        if not name.lower().endswith(SUFFIXES):
            continue
        bare = name[: name.rfind(".")]
        found = pictures.get(_key(bare), []) if pictures else [bare]
        if len(found) > 1:
            problems.add(name, f"has the same name as both {found[0]} and {found[1]}; rename one")
        if not found:
            continue
        captions = [line.strip() for _, line in lines(read_text(path / name))]
        if not captions:
            problems.add(name, "is empty; write a caption in it")
        rows += [Row(found[0], caption) for caption in captions]
    problems.refuse()
    if not rows:
        raise GxnError(f"{path}: no text file has the name of a picture, as in\n{EXAMPLE}")
    return rows


def _key(name: str) -> str:
    """The name in Unicode NFC: some systems store a picture's name in one form and its text's in the other."""
    return unicodedata.normalize("NFC", name)
