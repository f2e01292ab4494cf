"""Files are written whole or not at all, and read without executing anything."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from gxn.errors import GxnError

ATTRIBUTE = "gxn"


@contextlib.contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path`; rename it into place on success, remove it on failure.

    Raises:
        GxnError: the disk is full, or the folder cannot be written.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise GxnError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as JSON with one key per line; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def write_rows(path: str | Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write rows of numbers as CSV, six digits each; the first row's keys are the columns."""
    lines = [",".join(rows[0]), *(",".join(f"{value:.6g}" for value in row.values()) for row in rows)]
    write_text(path, "\n".join(lines) + "\n")


def read_json(path: str | Path) -> Any:
    """Read JSON.

    Raises:
        GxnError: the file is missing, is not UTF-8 or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise GxnError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise GxnError(f"{path}: is not JSON: {error}") from error


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(value: Any) -> str:
    """Hexadecimal SHA-256 of a JSON-serialisable value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def create_hdf5(path: str | Path, metadata: Mapping[str, Any]) -> Iterator[h5py.File]:
    """Create an HDF5 file, whole or not at all, with `metadata` as JSON in its attribute `gxn`."""
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs[ATTRIBUTE] = json.dumps(metadata, sort_keys=True)
        yield file


@contextlib.contextmanager
def open_hdf5(path: str | Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading.

    Raises:
        GxnError: the file is missing or damaged, or something asked of it inside the `with` is not in it.
    """
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, RuntimeError) as error:
        raise GxnError(f"{path}: cannot be read as HDF5: {error}. Delete it and run again") from error


def hdf5_metadata(file: h5py.File) -> dict[str, Any]:
    """The metadata that `create_hdf5` wrote."""
    try:
        return json.loads(file.attrs[ATTRIBUTE])
    except (KeyError, ValueError, TypeError) as error:
        raise GxnError(f"{file.filename}: has no readable attribute {ATTRIBUTE!r}") from error


def save_tensors(path: str | Path, tensors: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Write torch tensors as safetensors, `metadata` as one JSON string so that the bytes are stable."""
    from safetensors.torch import save_file

    contiguous = {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}
    with atomic(path) as temporary:
        save_file(contiguous, temporary, {ATTRIBUTE: json.dumps(metadata, sort_keys=True)})


def load_tensors(path: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and metadata of a safetensors file; nothing in it is executed.

    Raises:
        GxnError: the file is missing or is not safetensors.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            metadata = json.loads((file.metadata() or {}).get(ATTRIBUTE, "{}"))
    except (OSError, SafetensorError, ValueError) as error:
        raise GxnError(f"{path}: cannot be read as safetensors: {error}") from error
    return tensors, metadata


def rows_of(wanted: np.ndarray, present: np.ndarray, path: str | Path, what: str = "imgid") -> np.ndarray:
    """Rows of `present` (N,) at which the ids `wanted` (M,) stand: files are joined by id, never by order.

    Raises:
        GxnError: an id is absent from `path`, or stands there twice.
    """
    order = np.argsort(present, kind="stable")
    ordered = present[order]
    if len(ordered) > 1 and (ordered[1:] == ordered[:-1]).any():
        twice = ordered[1:][ordered[1:] == ordered[:-1]][0]
        raise GxnError(f"{path}: {what} {twice} stands in it twice")
    position = np.searchsorted(ordered, wanted)
    found = position < len(ordered)
    found[found] = ordered[position[found]] == wanted[found]
    if not found.all():
        raise GxnError(f"{path}: {what} {wanted[~found][0]} is missing ({(~found).sum()} of {len(wanted)})")
    return order[position]
