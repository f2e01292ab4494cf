"""HDF5 files: sealed by a SHA-256 when they are written, and read only where it fits.

The seal is in the file's user block, 512 bytes that HDF5 leaves to others: SEAL, then the SHA-256, in
hexadecimal letters, of everything after the block. It is compared before HDF5 sees the file, since a damaged
structure can crash the library or make it search without end.
"""

import contextlib
import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from gxn.errors import GxnError
from gxn.files import ATTRIBUTE
from gxn.regular import opened
from gxn.writing import DeferredErrorFile, atomic

USER_BLOCK = 512  # bytes, HDF5's smallest
SEAL = b"gxn sha256 "
# rows read in one go; 1,024 x 4,096 x 4 bytes = 16 MiB at most for the CNNs at hand
BLOCK = 1024
MOST_COMPRESSED = 2000  # times: zlib makes zeros 1,030 times as small
ANEW = "if it came by DVC, pull it again; otherwise delete it and run again"


class _Timeless(h5py.File):
    """An HDF5 file whose groups do not carry the time of day."""

    def __setitem__(self, name: str, value: Any) -> None:
        """Store `value`; h5py's own way stamps the groups on the way to it."""
        self.create_dataset(name, data=value)


@contextlib.contextmanager
def create_hdf5(path: str | Path, metadata: Mapping[str, Any]) -> Iterator[h5py.File]:
    """Create an HDF5 file, whole and sealed or not at all, with `metadata` as JSON in its attribute `gxn`."""
    with atomic(path) as temporary:
        with DeferredErrorFile(temporary, "w+b") as store:
            with _Timeless(store, "w", libver=("v110", "v110"), userblock_size=USER_BLOCK) as file:
                file.attrs[ATTRIBUTE] = np.bytes_(json.dumps(metadata, sort_keys=True).encode())
                yield file
            store.raise_deferred()
        seal(temporary)


def seal(path: str | Path) -> None:
    """Write the seal into the user block of an HDF5 file that has one."""
    with open(path, "r+b") as file:
        found = _sum(file)
        file.seek(0)
        file.write((SEAL + found).ljust(USER_BLOCK, b"\0"))


def _sum(file: BinaryIO) -> bytes:
    """The SHA-256 of all after the user block, as hexadecimal letters."""
    file.seek(USER_BLOCK)
    return hashlib.file_digest(file, "sha256").hexdigest().encode()


@contextlib.contextmanager
def open_hdf5(path: str | Path) -> Iterator[h5py.File]:
    """Open an HDF5 file that `create_hdf5` wrote, for reading.

    Raises:
        GxnError: as `check_seal`, or something asked of the file inside the `with` is not in it.
    """
    check_seal(path)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, RuntimeError) as error:
        raise GxnError(f"{path}: cannot be read as HDF5: {error}; {ANEW}") from error


def check_seal(path: str | Path) -> None:
    """Refuse an HDF5 file that is not as `create_hdf5` wrote it.

    Raises:
        GxnError: it is not, is open for writing elsewhere, or cannot be read.
    """
    with not_open_elsewhere(path) as file:
        block = file.read(USER_BLOCK)
        if not block.startswith(SEAL):
            raise GxnError(f"{path}: is not an HDF5 file of this package, or is of another version; {ANEW}")
        if _sum(file) != block[len(SEAL) :].rstrip(b"\0"):
            what = "is damaged, or was changed after it was written: its SHA-256 does not match"
            raise GxnError(f"{path}: {what}; {ANEW}")


@contextlib.contextmanager
def not_open_elsewhere(path: str | Path) -> Iterator[BinaryIO]:
    """Open a regular file, unless another program has it open for writing by HDF5, which locks it.

    Raises:
        GxnError: one has, or the file cannot be read.
    """
    with opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            what = "another program, such as a notebook, has it open for writing"
            raise GxnError(f"{path}: {what}; close it there and run again") from error
        except OSError:
            pass  # a file system without locks
        yield file


def hdf5_metadata(file: h5py.File) -> dict[str, Any]:
    """The metadata that `create_hdf5` wrote.

    Raises:
        GxnError: there is none, or it is damaged.
    """
    try:
        if file.attrs.get_id(ATTRIBUTE).dtype.kind != "S":
            raise TypeError("of variable length")
        metadata = json.loads(file.attrs[ATTRIBUTE])
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise GxnError(f"{file.filename}: has no readable attribute {ATTRIBUTE!r}; make it again") from error
    if not isinstance(metadata, dict):
        raise GxnError(f"{file.filename}: attribute {ATTRIBUTE!r} is not a mapping of keys; make it again")
    return metadata


def hdf5_dataset(file: h5py.File, name: str, kinds: str, dimensions: int) -> h5py.Dataset:
    """The dataset `name`, whose values are of NumPy's `kinds` (`iu`: integers, `f`: floats), or uint8 (`u`).

    Raises:
        GxnError: it is absent, of another kind or number of dimensions, not whole, or lies in another file.
    """
    parts = name.split("/")
    for end in range(1, len(parts) + 1):
        check_link(file, "/".join(parts[:end]), file.filename)
    found = file.get(name)
    if (
        not isinstance(found, h5py.Dataset)
        or found.dtype.kind not in kinds
        or (kinds == "u" and found.dtype != np.uint8)
        or found.ndim != dimensions
    ):
        what = {"iu": "integers", "u": "uint8", "f": "floats"}[kinds]
        raise GxnError(
            f"{file.filename}: has no dataset {name!r} of {what} in {dimensions} dimensions; {ANEW}"
        )
    check_stored(found, file.filename)
    return found


def check_link(group: h5py.Group, name: str, path: str | Path) -> None:
    """Refuse a name in an HDF5 file that leads elsewhere, into another file or to another name.

    Raises:
        GxnError: it is a link.
    """
    if name in group and not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise GxnError(f"{path}: {name}: is a link; copy the data into the file")


def check_stored(dataset: h5py.Dataset, path: str | Path) -> None:
    """Refuse a dataset whose numbers are stored in another file, or that declares more numbers than were written.

    Raises:
        GxnError: it is such a dataset. Missing numbers would read as zeros, and may need more than the memory.
    """
    if dataset.id.get_create_plist().get_external_count() or dataset.is_virtual:
        raise GxnError(f"{path}: {dataset.name}: is stored in other files; copy the data into the file")
    declared, stored = dataset.size * dataset.dtype.itemsize, dataset.id.get_storage_size()
    if declared > stored * (1 if dataset.compression is None else MOST_COMPRESSED):
        raise GxnError(f"{path}: {dataset.name} {dataset.shape}: was not written whole; write it again")


def read_rows(stored: h5py.Dataset, rows: np.ndarray, dtype: np.dtype | type) -> np.ndarray:
    """`stored[rows]` as `dtype`; no other rows are kept, and each block of the file is read at most once."""
    found = np.empty((len(rows), *stored.shape[1:]), dtype)
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    for start in range(0, len(stored), BLOCK):
        first, last = np.searchsorted(ordered, (start, start + BLOCK))
        if first == last:
            continue
        wanted = ordered[first:last]
        block = stored[wanted[0] : wanted[-1] + 1]
        found[order[first:last]] = block[wanted - wanted[0]]
    return found
