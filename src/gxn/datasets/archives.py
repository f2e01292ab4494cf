"""Unpacking zip and tar files that others made: nothing outside the target, no links, all or nothing."""

import contextlib
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from gxn import cli
from gxn.errors import GxnError
from gxn.writing import atomic


@dataclass(frozen=True)
class Member:
    """One file of an archive; `open` gives its bytes."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


@contextlib.contextmanager
def opened(archive: str | Path) -> Iterator[list[Member]]:
    """The files in a zip or tar archive, after all its entries have been found harmless.

    Raises:
        GxnError: it is no archive or is damaged, also when that shows on reading; an entry would lie outside
            the target, or is a link or a device, or two have one name.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                yield _checked(archive, [_of_zip(archive, file, info) for info in file.infolist()])
        else:
            with tarfile.open(archive) as file:
                yield _checked(archive, [_of_tar(archive, file, info) for info in file.getmembers()])
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise GxnError(
            f"{archive}: is damaged or no archive: {error}; delete it and fetch it anew"
        ) from error
    except OSError as error:
        raise GxnError(f"{archive}: cannot be unpacked: {error.strerror or error}") from error


def unpack(archives: list[Path], out: Path) -> None:
    """Unpack archives into one new folder, which appears only when all of it is there.

    Raises:
        GxnError: an archive is refused, `out` exists and is not empty, or there is no room.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise GxnError(f"{out}: is there already and not empty; remove it to unpack anew")
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    try:
        for archive in archives:
            with opened(archive) as members:
                _check_room(out.parent, sum(member.size for member in members))
                for member in cli.progress(members, len(members), f"{archive.name}: files unpacked"):
                    target = temporary / member.name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with member.open() as content, open(target, "xb") as file:
                        shutil.copyfileobj(content, file, 1 << 20)
        temporary.chmod(0o755)
        if out.exists():
            out.rmdir()
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def unpack_member(archive: Path, name: str, out: Path) -> None:
    """Write the one file of `archive` whose path ends with `name` to `out`.

    Raises:
        GxnError: the archive is refused, or none or several of its files are called so.
    """
    with opened(archive) as members:
        wanted = PurePosixPath(name).parts
        found = [member for member in members if PurePosixPath(member.name).parts[-len(wanted) :] == wanted]
        if len(found) != 1:
            raise GxnError(f"{archive}: holds {len(found) or 'no'} files called {name!r}")
        with found[0].open() as content, atomic(out) as temporary, open(temporary, "wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)


def _of_zip(archive: str | Path, file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member | None:
    _check_name(archive, info.filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise GxnError(f"{archive}: {info.filename!r} is a link or a device; links are not unpacked")
    if info.flag_bits & 1:
        raise GxnError(f"{archive}: {info.filename!r} is encrypted")
    return None if info.is_dir() else Member(info.filename, info.file_size, lambda: file.open(info))


def _of_tar(archive: str | Path, file: tarfile.TarFile, info: tarfile.TarInfo) -> Member | None:
    _check_name(archive, info.name)
    if info.isdir():
        return None
    if not info.isfile():
        raise GxnError(f"{archive}: {info.name!r} is a link or a device; links are not unpacked")
    return Member(info.name, info.size, lambda: file.extractfile(info))


def _check_name(archive: str | Path, name: str) -> None:
    """Refuse a name that leads out of the target folder, here or on another system."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name:
        raise GxnError(f"{archive}: {name!r} would lie outside the folder it is unpacked into")


def _checked(archive: str | Path, members: list[Member | None]) -> list[Member]:
    files = [member for member in members if member is not None]
    if len({PurePosixPath(member.name) for member in files}) != len(files):
        raise GxnError(f"{archive}: holds two files of one name")
    return files


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise GxnError(f"{folder}: {needed / 1e9:.2f} GB are needed, {free / 1e9:.2f} GB are free")
