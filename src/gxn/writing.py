"""Files are written whole or not at all, and an error of the system becomes a message that says what to do."""

import contextlib
import errno
import glob
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gxn.errors import GxnError

FULL = (errno.ENOSPC, errno.EDQUOT)
ADVICE = {
    **dict.fromkeys(FULL, "make room there and run again"),
    errno.EFBIG: "allow larger files there and run again",
    errno.EROFS: "make its folder writable and run again",
    errno.EACCES: "make its folder writable and run again",
    errno.EPERM: "make its folder writable and run again",
}


def write_error(path: str | Path, error: OSError) -> GxnError:
    """Make the error for the user when the system refuses to write `path`."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    advice = f"; {ADVICE[error.errno]}" if error.errno in ADVICE else ""
    return GxnError(f"{path}: cannot be written: {reason}{advice}")


def need_room(folder: Path, needed: int) -> None:
    """Refuse to begin what has no room on the disk of `folder`, which exists: `needed` bytes.

    Raises:
        GxnError: fewer are free.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        sizes = f"{needed / 1e9:.2f} GB are needed, {free / 1e9:.2f} GB are free"
        raise GxnError(f"{folder}: {sizes}; {ADVICE[errno.ENOSPC]}")


@contextlib.contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn errors of the system while `path` is written into a GxnError.

    Raises:
        GxnError: the disk is full, or the folder cannot be written; the message says what to do.
    """
    try:
        yield
    except OSError as error:
        raise write_error(path, error) from error


def stale_temporaries(path: Path) -> list[Path]:
    """Temporary files of `path` that killed runs left: siblings named with eight characters of `tempfile`."""
    return list(path.parent.glob(f".{glob.escape(path.name)}.{'?' * 8}.part"))


@contextlib.contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path`; rename it into place on success, remove it on failure.

    Temporary files that killed runs left are removed too: Snakemake's lock ensures that no other process writes
    the same file.

    Raises:
        GxnError: the disk is full, or the folder cannot be written.
    """
    path = Path(path)
    temporary = None
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for left in stale_temporaries(path):
                left.unlink(missing_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
            os.close(handle)
            temporary = Path(name)
            yield temporary
            with open(temporary, "rb") as written:
                os.fsync(written.fileno())
            temporary.chmod(0o666 & ~umask())
            os.replace(temporary, path)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)


def umask() -> int:
    """Give the permissions that this process takes from its new files; they can be read only by setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


class DeferredErrorFile(io.FileIO):
    """A file for HDF5 to write to, which never refuses: `raise_deferred` raises the system's first refusal.

    HDF5 cannot abandon a file: it repeats a failed write when the file is closed and when the interpreter ends,
    and crashes there. So every write appears to succeed.
    """

    refusal: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write all of `data`, or, once something was refused, nothing."""
        rest = memoryview(data)
        with self._kept():
            while rest and self.refusal is None:
                rest = rest[super().write(rest) :]
        return len(data)

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend the file."""
        with self._kept():
            super().truncate(size)
        return self.tell() if size is None else size

    def raise_deferred(self) -> None:
        """Raise the first refusal, if there was one."""
        if self.refusal is not None:
            raise self.refusal

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.refusal = self.refusal or error
