"""Reads somebody's HDF5 file in a process of its own first: damage can make the library crash or never return."""

import os
import subprocess
import sys
from pathlib import Path

import h5py

from gxn.errors import GxnError
from gxn.files import BLOCK

LEAST_SECONDS, BYTES_A_SECOND = 60, 10_000_000  # the slowest disk that is waited for


def try_hdf5(path: Path) -> None:
    """Read all of an HDF5 file in another process, so that this one survives.

    What HDF5 itself complains of is left to be said where the file is read.

    Raises:
        GxnError: the process crashed, or took longer than a minute and a second for each 10 MB.
    """
    seconds = LEAST_SECONDS + os.path.getsize(path) // BYTES_A_SECOND
    try:
        done = subprocess.run(
            [sys.executable, "-m", "gxn.features.trial", str(path.resolve())],
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
    """Read every dataset of the file named on the command line, block by block."""

    def read(_: str, item: h5py.Group | h5py.Dataset) -> None:
        if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external:
            return  # refused, or a group
        if item.shape and item.id.get_storage_size():
            for start in range(0, len(item), BLOCK):
                item[start : start + BLOCK]

    with h5py.File(sys.argv[1], "r") as file:
        file.visititems(read)


if __name__ == "__main__":
    main()
