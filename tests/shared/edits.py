"""Edits of HDF5 files that are sealed as if they were meant."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import h5py

from gxn.hdf5 import seal


@contextlib.contextmanager
def edited(path: Path) -> Iterator[h5py.File]:
    """Open a sealed file for changes, and seal it again."""
    with h5py.File(path, "r+") as file:
        yield file
    seal(path)
