"""Unpacking zip files that others made: nothing outside the target, no links, all or nothing."""

import contextlib
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gxn import cli
from gxn.errors import GxnError
from gxn.regular import require_regular
from gxn.writing import atomic, need_room, stale_temporaries, umask, writing

LONGEST = 255  # bytes of a file's name on common file systems
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@contextlib.contextmanager
def opened(archive: str | Path) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """A zip archive and the files in it, after all its entries have been found harmless.

    Raises:
        GxnError: it cannot be read, is not an archive, or is damaged, also if only reading shows it; an entry
            would be outside the target, is a link or a device, is encrypted or compressed by another method than
            deflate; or two entries have one name.
    """
    require_regular(archive)
    try:
        with zipfile.ZipFile(archive) as file:
            yield file, _checked(archive, file.infolist())
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise GxnError(
            f"{archive}: is damaged or not a zip archive: {error}; delete it and download it again"
        ) from error
    except OSError as error:
        raise GxnError(f"{archive}: cannot be read: {error.strerror or error}") from error


def unpack(archives: list[Path], out: Path) -> None:
    """Unpack archives into one new folder, which appears only when all of it is there.

    What a killed call left of an earlier one is removed.

    Raises:
        GxnError: an archive is refused, `out` exists and is not empty or cannot be written, or there is no room.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise GxnError(f"{out}: already exists and is not empty; remove it to unpack again")
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        for left in stale_temporaries(out):
            shutil.rmtree(left)
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
        try:
            for archive in archives:
                with opened(archive) as (file, members):
                    need_room(out.parent, sum(member.file_size for member in members))
                    for member in cli.progress(members, len(members), f"{archive.name}: files unpacked"):
                        target = temporary / member.filename
                        with file.open(member) as content, writing(out):
                            target.parent.mkdir(parents=True, exist_ok=True)
                            with open(target, "xb") as whole:
                                shutil.copyfileobj(content, whole, 1 << 20)
            temporary.chmod(0o777 & ~umask())
            if out.exists():
                out.rmdir()
            temporary.rename(out)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def unpack_member(archive: Path, name: str, out: Path) -> None:
    """Write the one file of `archive` whose path ends with `name` to `out`.

    Raises:
        GxnError: the archive is refused, none or several of its files are called so, or `out` cannot be written.
    """
    with opened(archive) as (file, members):
        wanted = PurePosixPath(name).parts
        found = [each for each in members if PurePosixPath(each.filename).parts[-len(wanted) :] == wanted]
        if len(found) != 1:
            raise GxnError(f"{archive}: holds {len(found) or 'no'} files called {name!r}")
        with file.open(found[0]) as content, atomic(out) as temporary, open(temporary, "wb") as whole:
            shutil.copyfileobj(content, whole, 1 << 20)


def _checked(archive: str | Path, members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The files among the entries of an archive, none of which does harm."""
    for member in members:
        name = member.filename
        path = PurePosixPath(name)
        # outside here, or on another system
        if (
            not name
            or path.is_absolute()
            or ".." in path.parts
            or "\\" in name
            or ":" in name
            or "\0" in name
        ):
            raise GxnError(f"{archive}: {name!r} would lie outside the folder it is unpacked into")
        if any(len(part.encode("utf-8", "replace")) > LONGEST for part in path.parts):
            raise GxnError(
                f"{archive}: {name[:100]!r}...: is too long a name for a file; pack it under a shorter one"
            )
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise GxnError(f"{archive}: {name!r} is a link or a device; links are not unpacked")
        if member.flag_bits & 1:
            raise GxnError(f"{archive}: {name!r} is encrypted; pack it without a password")
        if member.compress_type not in METHODS:
            raise GxnError(f"{archive}: {name!r} is compressed by another method than deflate; pack it again")
    files = [member for member in members if not member.is_dir()]
    if len({PurePosixPath(member.filename) for member in files}) != len(files):
        raise GxnError(f"{archive}: contains two files of the same name; pack it again")
    return files
