"""Features that were computed elsewhere (CLIP, DINO, regions), joined to images by name or id, and checked."""

import contextlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gxn.datasets.folders import stem
from gxn.errors import GxnError
from gxn.hdf5 import BLOCK, create_hdf5

MOST_WIDTH = 1 << 17  # numbers per image; a declared width beyond it is damage, not features


@dataclass(frozen=True)
class ReadyFeatures:
    """Features in an open file.

    Attributes:
        path: the file.
        width: numbers per image, D.
        names: file names of the images, one a row; None where the file has ids alone.
        ids: int64 (N,), image ids of the rows; None where the file has names alone.
        read: gives rows of the file, float (M, D), from rising row numbers int64 (M,).
    """

    path: Path
    width: int
    names: list[str] | None
    ids: np.ndarray | None
    read: Callable[[np.ndarray], np.ndarray]


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what a damaged file of features raises inside the `with` into a GxnError with its path."""
    try:
        yield
    except GxnError:
        raise
    except (
        Exception
    ) as error:  # zipfile, zlib, NumPy's and HDF5's readers raise a dozen kinds on damaged files
        raise GxnError(f"{path}: cannot be read: {type(error).__name__}: {error}") from error


def take(table: Any, rows: np.ndarray) -> np.ndarray:
    """Rows of a table, (N, D) or (N, R, D), still in its file: float (M, D), the mean over R.

    Args:
        table: an HDF5 dataset or a mapped array.
        rows: int64 (M,), rising.
    """
    size = BLOCK if table.ndim == 2 else max(1, BLOCK // table.shape[1])
    found = [np.empty((0, table.shape[-1]))]
    for piece in np.split(rows, np.flatnonzero(np.diff(rows // size)) + 1):
        if len(piece):
            block = np.asarray(table[piece[0] : piece[-1] + 1])[piece - piece[0]]
            found.append(block.mean(axis=1, dtype=np.float64) if block.ndim == 3 else block)
    return np.concatenate(found)


def match(ready: ReadyFeatures, filenames: Sequence[str], imgids: Sequence[int] | None) -> np.ndarray:
    """Rows of the images in a file of features, int64 (N,); -1 where an image has none.

    Names are compared as paths, then as file names, then without the image's suffix, and the first way that
    finds all images is taken, or else the one that finds most. Ids are taken where names find fewer.

    Args:
        ready: the open file.
        filenames: file names of the images.
        imgids: their ids; None where they were made up here, so that they mean nothing to the file.

    Raises:
        GxnError: an image has several rows.
    """
    ways: list[tuple[list[Any], list[Any]]] = []
    if ready.names is not None:
        for form in (_path, _basename, lambda name: stem(_basename(name))):
            ways.append(([form(name) for name in ready.names], [form(name) for name in filenames]))
    if imgids is not None:
        ids = ready.ids.tolist() if ready.ids is not None else [_number(name) for name in ready.names or []]
        ways.append((ids, list(imgids)))
    best = np.full(len(filenames), -1, dtype=np.int64)
    for present, wanted in ways:
        rows = _rows(present, wanted)
        if (rows >= 0).sum() > (best >= 0).sum():
            best = rows
        if (best >= 0).all():
            break
    if (best < -1).any():
        twice = filenames[int(np.flatnonzero(best < -1)[0])]
        raise GxnError(f"{ready.path}: the image {twice!r} has several rows; give each image one")
    return best


def _path(name: str) -> str:
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _basename(name: str) -> str:
    return _path(name).rpartition("/")[2]


def _number(name: str) -> int | None:
    return int(name) if name.isascii() and name.isdecimal() and len(name) < 19 else None


def _rows(present: Sequence[Any], wanted: Sequence[Any]) -> np.ndarray:
    """Row of each wanted key among those present: -1 where there is none, -2 where there are several."""
    row: dict[Any, int] = {}
    for at, key in enumerate(present):
        row[key] = -2 if key in row else at
    return np.array([-1 if key is None else row.get(key, -1) for key in wanted], dtype=np.int64)


def write_ready(
    ready: ReadyFeatures,
    rows: np.ndarray,
    imgids: np.ndarray,
    dtype: str,
    metadata: Mapping[str, Any],
    out: Path,
) -> int:
    """Write `out` as the step `features` does: `features` (N, D) of `dtype` and `imgid` int64 (N,).

    Args:
        ready: the open file.
        rows: int64 (N,), its rows in the order wanted; none may be -1.
        imgids: int64 (N,), ids of the images.
        dtype: float16 or float32.
        metadata: what the features are, kept in the file.
        out: the HDF5 file.

    Returns:
        How many images have features that are all zero, which stand for missing ones in some files.

    Raises:
        GxnError: a feature is NaN or infinite, or becomes so in `dtype`; the message names the image.
    """
    zeros = 0
    with create_hdf5(out, metadata) as file:
        stored = file.create_dataset("features", (len(rows), ready.width), dtype)
        file["imgid"] = np.asarray(imgids, dtype=np.int64)
        for start in range(0, len(rows), BLOCK):
            wanted, places = np.unique(rows[start : start + BLOCK], return_inverse=True)
            with reading(ready.path), np.errstate(over="ignore"):
                block = ready.read(wanted).astype(dtype)[places]
            bad = ~np.isfinite(block).all(axis=1)
            if bad.any():
                imgid = imgids[start + int(np.flatnonzero(bad)[0])]
                raise GxnError(
                    f"{ready.path}: the features of image {imgid} are not finite numbers in {dtype} "
                    f"({bad.sum()} images of {len(block)} looked at); compute them again"
                )
            zeros += int((~block.any(axis=1)).sum())
            stored[start : start + len(block)] = block
    return zeros
