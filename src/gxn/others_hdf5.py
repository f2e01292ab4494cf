"""HDF5 files of other programs: tried in a process of its own first, and never followed into other files."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py

from gxn.errors import GxnError
from gxn.hdf5 import BLOCK, check_link, check_stored, not_open_elsewhere

LEAST_SECONDS, BYTES_A_SECOND = 60, 10_000_000  # the slowest disk that is waited for
DEEPEST = 8  # groups in groups: a group may contain itself


@contextlib.contextmanager
def open_others(path: Path) -> Iterator[h5py.File]:
    """Open another program's HDF5 file for reading, once a process of its own has read all of it without a crash.

    Raises:
        GxnError: it is not a regular file, is open for writing elsewhere, cannot be read, or HDF5 crashes on it.
    """
    with not_open_elsewhere(path):
        pass
    try_hdf5(path)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, RuntimeError) as error:
        raise GxnError(f"{path}: cannot be read as HDF5: {error}; write it again") from error


def all_datasets(group: h5py.Group, path: Path, prefix: str = "") -> dict[str, h5py.Dataset]:
    """All datasets of an HDF5 file by path.

    Raises:
        GxnError: one is a link, lies in another file or was not written whole, or groups are nested too deeply.
    """
    found: dict[str, h5py.Dataset] = {}
    for name in group:
        check_link(group, name, f"{path}: {prefix}" if prefix else path)
        item = group[name]
        if isinstance(item, h5py.Group):
            if prefix.count("/") >= DEEPEST:
                raise GxnError(f"{path}: {prefix}{name}: groups are nested too deeply")
            found |= all_datasets(item, path, f"{prefix}{name}/")
        elif isinstance(item, h5py.Dataset):
            check_stored(item, path)
            found[prefix + name] = item
    return found


def try_hdf5(path: Path) -> None:
    """Read all of an HDF5 file in another process, so that this one survives.

    Errors that HDF5 itself raises are reported where the file is read.

    Raises:
        GxnError: the process crashed, or took longer than a minute and a second for each 10 MB.
    """
    seconds = LEAST_SECONDS + os.path.getsize(path) // BYTES_A_SECOND
    try:
        done = subprocess.run(
            [sys.executable, "-m", "gxn.others_hdf5", str(path.resolve())],
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise GxnError(
            f"{path}: is damaged: HDF5 still reads it after {seconds} s; write it again"
        ) from error
    if done.returncode < 0:
        raise GxnError(f"{path}: is damaged: HDF5 crashes on it (signal {-done.returncode}); write it again")


def main() -> None:
    """Read every dataset of the file named on the command line, block by block, and the file's attributes."""

    def read(_: str, item: h5py.Group | h5py.Dataset) -> None:
        if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external:
            return  # refused, or a group
        if item.shape and item.id.get_storage_size():
            for start in range(0, len(item), BLOCK):
                item[start : start + BLOCK]

    with h5py.File(sys.argv[1], "r") as file:
        dict(file.attrs)
        file.visititems(read)


if __name__ == "__main__":
    main()
