"""Image files below a folder, found by the names that caption files give them."""

import collections
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gxn.errors import GxnError

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})

LINK_OUT = "is a link that leads out of the folder of images; put the picture itself there"


def is_image_name(name: str) -> bool:
    """Say whether a file name ends as an image's does."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def stem(name: str) -> str:
    """The name without the suffix of an image; any other suffix stays (`a.b.jpg`, `a.b` -> `a.b`)."""
    return name[: name.rfind(".")] if is_image_name(name) else name


def walk(folder: Path) -> Iterator[str]:
    """Yield the paths, relative to `folder` and separated by /, of all regular files below it, sorted by folder.

    Hidden files and folders are passed over (`._x.jpg` of an archive made on a Mac is not an image), and so are
    links that lead out of the folder. Other links are followed; no folder is entered twice, so a loop ends.

    Raises:
        GxnError: the folder is missing or cannot be read, or a name in it is not UTF-8.
    """
    seen: set[tuple[int, int]] = set()
    waiting = [""]
    while waiting:
        here = waiting.pop()
        try:
            status = os.stat(folder / here)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder / here) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise GxnError(f"{folder / here}: cannot be read: {error.strerror or error}") from error
        folders = []
        for entry in found:
            if entry.name.startswith("."):
                continue
            name = f"{here}/{entry.name}" if here else entry.name
            if not name.isascii():
                _check_utf8(folder, name)
            if entry.is_symlink() and leads_out(folder, name):
                continue
            try:
                if entry.is_dir():
                    folders.append(name)
                elif entry.is_file():  # after links: a regular file, not a pipe or a device
                    yield name
            except OSError:
                continue  # a loop of links, or a link into a folder without permission
        waiting += reversed(folders)


def leads_out(folder: Path, name: str) -> bool:
    """Say whether a path below a folder leads, through links, outside of it; the folder itself may be a link.

    Otherwise, whoever packed the folder could make any picture of this machine appear in the results.
    """
    root = os.path.realpath(folder)
    return os.path.commonpath([root, os.path.realpath(folder / name)]) != root


def _check_utf8(folder: Path, name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise GxnError(f"{folder}: the file name {name!r} is not UTF-8; rename the file") from error


class ImageFolder:
    """The image files below a folder, found by name under either Unicode normalisation and in sub-folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.images = [name for name in walk(folder) if is_image_name(name)]
        self._by_name: dict[str, list[str]] = collections.defaultdict(list)
        self._by_stem: dict[str, list[str]] = collections.defaultdict(list)
        for path in self.images:
            name = unicodedata.normalize("NFC", path.rpartition("/")[2])
            self._by_name[name].append(path)
            self._by_stem[stem(name)].append(path)

    def find(self, name: str, near: str = "") -> str | None:
        """Path, relative to the folder, of the image that a caption file calls `name`; None: there is none.

        Of several images with that file name, the one whose folders agree with those in `name` is taken. Folders
        in `name` that do not exist here (`/home/me/images/x.jpg`) do not count. A name without an image's
        suffix is that of an image without its suffix.

        Args:
            name: file name, with or without folders; separated by / or by backslashes.
            near: folder of the caption file, relative to this folder: an image there comes first.

        Raises:
            GxnError: several images fit equally well.
        """
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        if not parts or ".." in parts:
            return None
        wanted = unicodedata.normalize("NFC", parts[-1])
        found = self._by_name.get(wanted)
        if found is None:
            found = [] if is_image_name(wanted) else self._by_stem.get(wanted, [])
        if not found:
            return self._literal("/".join(parts))
        if len(found) == 1:
            return found[0]
        for exact in ("/".join([near, *parts] if near else parts), "/".join(parts)):
            if exact in found:
                return exact
        folders = [unicodedata.normalize("NFC", part) for part in parts[:-1]]
        agreement = [_agreement(folders, path) for path in found]
        best = [path for path, value in zip(found, agreement, strict=True) if value == max(agreement)]
        if len(best) > 1:
            raise GxnError(
                f"{self.folder}: {name!r} can be {best[0]!r} or {best[1]!r}; give it with its folder, "
                "or rename one of them"
            )
        return best[0]

    def _literal(self, name: str) -> str | None:
        """`name`, if it is a regular file although it does not end as an image's does."""
        try:
            found = (self.folder / name).is_file() and not leads_out(self.folder, name)
            return name if found else None
        except (OSError, ValueError):  # too long, or with a NUL
            return None


def _agreement(folders: list[str], path: str) -> tuple[int, bool]:
    """Count the folders before the file name that agree, and tell whether `path` has no further one."""
    own = [unicodedata.normalize("NFC", part) for part in PurePosixPath(path).parent.parts]
    count = 0
    while count < min(len(own), len(folders)) and own[-1 - count] == folders[-1 - count]:
        count += 1
    return count, count == len(own)
