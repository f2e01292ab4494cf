"""Caption files of any layout. Each module of this folder that does not begin with _ is one layout.

A layout has NAME and EXAMPLE, text for messages and documentation; `recognise(path, head)`, whether a file whose
first bytes are `head` has it; and `read(path)`, its rows. A new layout is a new file and nothing else.
"""

import collections
import functools
import importlib
import os
import pkgutil
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from gxn.datasets.folders import LINK_OUT, ImageFolder, leads_out
from gxn.datasets.karpathy import NAMED
from gxn.datasets.layouts._rows import Row
from gxn.datasets.splits import SPLIT_NAMES
from gxn.errors import GxnError
from gxn.regular import parse_json, read_bytes, read_text

CAPTION_SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".token")
HEAD = 1 << 16  # bytes by which a layout is recognised


@dataclass(frozen=True)
class CaptionFile:
    """The content of caption files.

    Attributes:
        layouts: the NAME of each file's layout, in the order of the files.
        rows: all captions; `image` is the path below the folder of images, where there is a folder.
        missing: names in the caption files of which there is no image, each once; their rows are left out.
        uncaptioned: number of images in the folder that no caption names.
    """

    layouts: list[str]
    rows: list[Row]
    missing: list[str]
    uncaptioned: int


@functools.cache
def layouts() -> dict[str, ModuleType]:
    """All layouts by the name of their module."""
    names = sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def layout_of(path: Path) -> ModuleType:
    """The layout of a caption file, or of a folder with a text file beside each picture.

    Raises:
        GxnError: the file cannot be read, or has no known layout; the message shows an example of each.
    """
    if not path.exists() and not path.is_symlink():
        raise GxnError(f"{path}: there is no such caption file")
    head = b"" if path.is_dir() else read_bytes(path, HEAD)
    for layout in layouts().values():
        if layout.recognise(path, head):
            return layout
    if not path.is_dir():
        if not head.strip(b"\xef\xbb\xbf \t\r\n"):
            raise GxnError(f"{path}: is empty; it must hold captions")
        text = read_text(path)  # which may say that it is not UTF-8
        if text.lstrip()[:1] in ("{", "["):
            parse_json(text, str(path))  # which may say that it is not JSON
    raise GxnError(f"{path}: has none of the known layouts. {known_layouts()}")


def known_layouts() -> str:
    """Text that names each layout with its example."""
    shown = [f"{layout.NAME}:\n{layout.EXAMPLE.rstrip()}" for layout in layouts().values()]
    return "Captions can be\n\n" + "\n\n".join(shown)


def read_captions_file(
    paths: Path | Sequence[Path], images: Path | None, missing: str = "refuse"
) -> CaptionFile:
    """Read captions of any layout and find their images.

    Args:
        paths: the caption files, or a folder with a text file beside each picture. Of several files whose names
            or folders each name one split (`captions_val2014.json`, `test.csv`, `train/metadata.jsonl`), the rows
            without a split get that one.
        images: folder of the photographs; None: there are none, names stay as the files spell them.
        missing: `refuse`: an image that is not in the folder is an error; `skip`: its captions are left out.

    Raises:
        GxnError: a file cannot be read or has no known layout, an entry is wrong, or images are missing.
    """
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not paths:
        raise GxnError("no caption file is given")
    found = [layout_of(Path(path)) for path in paths]
    parts = [layout.read(Path(path)) for layout, path in zip(found, paths, strict=True)]
    parts = _own_ids(_named_splits(parts, paths))
    names = [layout.NAME for layout in found]
    if images is None:
        rows = [row._replace(image=unicodedata.normalize("NFC", row.image)) for part in parts for row in part]
        return CaptionFile(names, _not_empty(rows, paths), [], 0)
    return _with_images(names, parts, paths, images, missing)


def _named_splits(parts: list[list[Row]], paths: Sequence[Path]) -> list[list[Row]]:
    """Give rows without a split the one in their file's name, where each of several files names one."""
    splits = [split_of_path(Path(path)) for path in paths]
    if None in splits or len(set(splits)) < 2:  # a folder called test says nothing about each file in it
        return parts
    return [
        [row if row.split else row._replace(split=split) for row in part]
        for part, split in zip(parts, splits, strict=True)
    ]


def split_of_path(path: Path) -> str | None:
    """The split in a file's name, or else in its folder's; None: none, or more than one."""
    for name in (path.stem, path.absolute().parent.name):
        splits = {SPLIT_NAMES[word] for word in re.findall(r"[a-z]+", name.lower()) if word in SPLIT_NAMES}
        if splits:
            return splits.pop() if len(splits) == 1 else None
    return None


def _own_ids(parts: list[list[Row]]) -> list[list[Row]]:
    """Drop the ids of all files where two files use one id for different images, as each counts from 0."""
    image_of: dict[int, str] = {}
    for part in parts:
        mine = {row.imgid: row.image for row in part if row.imgid is not None}
        if any(image_of.get(imgid, image) != image for imgid, image in mine.items()):
            return [[row._replace(imgid=None, sentid=None) for row in each] for each in parts]
        image_of |= mine
    return parts


def _with_images(
    names: list[str], parts: list[list[Row]], paths: Sequence[Path], images: Path, missing: str
) -> CaptionFile:
    """Put each image's path in the place of the name that its caption file gives it."""
    if not images.is_dir():
        raise GxnError(f"{images}: there is no such folder of images")
    folder, rows, absent = ImageFolder(images), [], {}
    for part, path in zip(parts, paths, strict=True):
        near = _below(Path(path), images)
        found = {name: folder.find(name, near) for name in dict.fromkeys(row.image for row in part)}
        absent |= dict.fromkeys(name for name, image in found.items() if image is None)
        rows += [row._replace(image=found[row.image]) for row in part if found[row.image] is not None]
    total = len({row.image for row in rows}) + len(absent)
    if absent and (missing == "refuse" or not rows):
        raise GxnError(_absent(list(absent), images, total))
    uncaptioned = len(set(folder.images) - {row.image for row in rows})
    return CaptionFile(names, _not_empty(rows, paths), list(absent), uncaptioned)


def _below(path: Path, images: Path) -> str:
    """Folder of a caption file relative to the folder of images; empty where it is not below it."""
    try:
        near = Path(os.path.abspath(path if path.is_dir() else path.parent)).relative_to(
            os.path.abspath(images)
        )
    except ValueError:
        return ""
    return "" if near == Path() else near.as_posix()


def _absent(names: list[str], images: Path, total: int) -> str:
    """Word the message about images that are missing."""
    lines = []
    for name in names[:NAMED]:
        there = os.path.lexists(images / name) if "\0" not in name else False
        outside = LINK_OUT if there and leads_out(images, name) else "is not a regular file"
        lines.append(f"{images}: {name}: {outside if there else 'is missing'}")
    if len(names) > NAMED:
        lines.append(f"and {len(names) - NAMED} more")
    advice = "set dataset.source.missing_images: skip to leave their captions out"
    return "\n".join([*lines, f"{len(names)} of {total} images are missing; add them, or {advice}"])


def _not_empty(rows: list[Row], paths: Sequence[Path]) -> list[Row]:
    if not rows:
        raise GxnError(f"{', '.join(map(str, paths))}: contains no captions")
    return rows


def find_captions(folder: Path) -> list[Path]:
    """Find the caption files in a folder of photographs by their content, for `gxn init`.

    Files in the folder and one folder below are looked at. Several files are taken together where the name of
    each names another split (`captions_train2014.json`, `captions_val2014.json`); files without `caption` in
    their names (`instances_train2014.json`) are ignored where others have it. Where there is no file, a text
    beside each picture is looked for.

    Raises:
        GxnError: no captions are found, or several files that do not belong together.
    """
    found = [path for path in _candidates(folder) if _recognised(path)]
    found = [path for path in found if "caption" in path.name.lower()] or found
    by_split = collections.Counter(split_of_path(path) for path in found)
    if len(found) == 1 or (found and None not in by_split and max(by_split.values()) == 1):
        return found
    if found:
        raise GxnError(
            f"{folder}: several files contain captions: {', '.join(path.name for path in found[:NAMED])}; "
            "name one, or the ones that belong together, by --captions"
        )
    if any(layout.recognise(folder, b"") for layout in layouts().values()):
        return [folder]
    raise GxnError(f"{folder}: contains no captions. {known_layouts()}")


def _candidates(folder: Path) -> Iterable[Path]:
    """Files in a folder and one folder below whose names end as a text's, a table's or JSON's."""
    try:
        inside = sorted(folder.iterdir())
        below = [each for path in inside if path.is_dir() for each in sorted(path.iterdir())]
    except OSError as error:
        raise GxnError(f"{error.filename}: cannot be read: {error.strerror}") from error
    for path in [*inside, *below]:
        if path.suffix.lower() in CAPTION_SUFFIXES and not path.name.startswith(".") and path.is_file():
            yield path


def _recognised(path: Path) -> bool:
    head = read_bytes(path, HEAD)
    return any(layout.recognise(path, head) for layout in layouts().values())
