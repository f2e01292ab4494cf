"""The kinds of files there are: written whole or not at all, and read without executing anything."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from gxn.errors import GxnError
from gxn.writing import DeferredErrorFile, atomic

ATTRIBUTE = "gxn"
CHUNK = 1 << 18  # bytes under one checksum: some rows, and small enough for HDF5's cache of chunks
# rows read in one go; 1,024 x 4,096 x 4 bytes = 16 MiB at most for the CNNs at hand
BLOCK = 1024


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
    """Hexadecimal SHA-256 of a file's bytes.

    Raises:
        GxnError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise GxnError(f"{path}: cannot be read: {error.strerror or error}") from error


def digest(value: Any) -> str:
    """Hexadecimal SHA-256 of a JSON-serialisable value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class Checked(h5py.File):
    """An HDF5 file whose datasets carry a checksum per chunk, so that a flipped bit is an error on reading."""

    def create_dataset(
        self, name: str | None, shape: Any = None, dtype: Any = None, data: Any = None, **options: Any
    ) -> h5py.Dataset:
        """As h5py's, of numbers; empty datasets are left without a checksum, for they cannot have one."""
        kind = np.dtype(dtype) if dtype is not None else np.asarray(data).dtype
        shape = np.shape(data) if shape is None else tuple(shape)
        if shape and 0 not in shape and kind.kind in "biuf":
            rows = max(1, CHUNK // max(1, int(np.prod(shape[1:])) * kind.itemsize))
            options = {"chunks": (min(rows, shape[0]), *shape[1:]), "fletcher32": True} | options
        return super().create_dataset(name, shape, kind if dtype is None else dtype, data, **options)

    def __setitem__(self, name: str, value: Any) -> None:
        """A dataset of `value`; h5py's own way gives the groups on the way to it the time of day."""
        self.create_dataset(name, data=value)


@contextlib.contextmanager
def create_hdf5(path: str | Path, metadata: Mapping[str, Any]) -> Iterator[h5py.File]:
    """Create an HDF5 file, whole or not at all, with `metadata` as JSON in its attribute `gxn`.

    Its own structures are checksummed too, as they are from version 1.10 of the format on. Datasets made
    through the file, rather than through one of its groups, are.
    """
    with atomic(path) as temporary, DeferredErrorFile(temporary, "w+b") as store:
        with Checked(store, "w", libver=("v110", "v110")) as file:
            # of fixed length: text of variable length lies in a heap without checksums, which when damaged
            # can keep HDF5 looking for ever
            file.attrs[ATTRIBUTE] = np.bytes_(json.dumps(metadata, sort_keys=True).encode())
            yield file
        store.raise_deferred()


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
        if not Path(path).exists():
            raise GxnError(f"{path}: there is no such file") from error
        if Path(path).is_dir():
            raise GxnError(f"{path}: is a folder, not an HDF5 file") from error
        raise GxnError(f"{path}: cannot be read as HDF5: {error}. Delete it and run again") from error


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
        raise GxnError(f"{file.filename}: attribute {ATTRIBUTE!r} is no mapping of keys; make it again")
    return metadata


def hdf5_dataset(file: h5py.File, name: str, kinds: str, dimensions: int) -> h5py.Dataset:
    """The dataset `name`, whose values are of NumPy's `kinds` (`iu`: integers, `f`: floats), or uint8 (`u`).

    Raises:
        GxnError: it is absent, of another kind or number of dimensions, or was never written whole.
    """
    found = file.get(name)
    if (
        not isinstance(found, h5py.Dataset)
        or found.dtype.kind not in kinds
        or (kinds == "u" and found.dtype != np.uint8)
        or found.ndim != dimensions
    ):
        what = {"iu": "integers", "u": "uint8", "f": "floats"}[kinds]
        raise GxnError(
            f"{file.filename}: has no dataset {name!r} of {what} in {dimensions} dimensions; "
            "delete it and run again"
        )
    if found.compression is None and found.id.get_storage_size() < found.size * found.dtype.itemsize:
        raise GxnError(f"{file.filename}: {name} {found.shape} is not whole; delete it and run again")
    return found


def save_tensors(path: str | Path, tensors: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Write torch tensors as safetensors, `metadata` as one JSON string so that the bytes are stable.

    A hash of both stands in that string too, since safetensors has no checksum.
    """
    from safetensors.torch import save

    contiguous = {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}
    about = json.dumps(metadata, sort_keys=True)
    with atomic(path) as temporary:
        whole = {"about": metadata, "sha256": _seal(contiguous, about)}
        temporary.write_bytes(save(contiguous, {ATTRIBUTE: json.dumps(whole, sort_keys=True)}))


def load_tensors(path: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and metadata of a safetensors file; nothing in it is executed.

    Raises:
        GxnError: the file is missing, is not safetensors, or was written here and has changed since.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            text = (file.metadata() or {}).get(ATTRIBUTE)
        whole = {} if text is None else json.loads(text)
    except (OSError, SafetensorError, ValueError, RuntimeError, RecursionError) as error:
        raise GxnError(f"{path}: cannot be read as safetensors: {error}; make it again") from error
    if text is None:
        return tensors, {}  # somebody else's file
    metadata = whole.get("about") if isinstance(whole, dict) else None
    if not isinstance(metadata, dict) or whole.get("sha256") != _seal(
        tensors, json.dumps(metadata, sort_keys=True)
    ):
        raise GxnError(f"{path}: is damaged: its content is not what was written; delete it and run again")
    return tensors, metadata


def _seal(tensors: Mapping[str, Any], about: str) -> str:
    """Hexadecimal SHA-256 over names, types, shapes and bytes of tensors, and over the metadata."""
    import torch

    found = hashlib.sha256(about.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()


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
        missing = f"{what} {wanted[~found][0]} is missing ({(~found).sum()} of {len(wanted)})"
        raise GxnError(f"{path}: {missing}; make it again")
    return order[position]


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
