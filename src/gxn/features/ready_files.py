"""Files of precomputed features: HDF5, `.npz`, or `.npy` with the images' names in a text file beside it.

A file holds a table, (N, D) with the images' names or ids, or one vector (D,) for each image under its name.
Region features, (N, R, D) or (R, D), are averaged over R.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from gxn.datasets.layouts._rows import Row
from gxn.errors import GxnError
from gxn.features.precomp import read_precomp
from gxn.features.ready import MOST_WIDTH, ReadyFeatures, match, reading, take
from gxn.others_hdf5 import all_datasets, open_others
from gxn.regular import lines, parse_json, read_text, require_regular

FEATURE_KEYS = ("features", "feature", "feats", "embeddings", "image_features", "image_embeddings")
NAME_KEYS = ("names", "name", "filenames", "file_names", "filename", "image_names", "images", "paths", "keys")
ID_KEYS = ("imgid", "imgids", "image_ids", "image_id", "img_ids", "ids", "id")
MOST_ROWS = 50_000_000  # a declared number beyond it is damage, not features
EXAMPLE = """numpy.savez("features.npz", features=array_of_N_by_D, names=list_of_N_file_names)"""


@contextlib.contextmanager
def open_ready(path: Path) -> Iterator[ReadyFeatures]:
    """Open a file of features, or a `*_precomp` folder, for reading.

    Raises:
        GxnError: it is not a regular HDF5, .npz or .npy file, is damaged, leads to other files, or lacks names.
    """
    if path.is_dir():
        yield read_precomp(path)[1]
        return
    require_regular(path)
    with contextlib.ExitStack() as stack:
        with reading(path):
            arrays = _arrays(path, stack)
            found = _per_image(path, arrays) or _table(path, arrays)
        yield found


def _arrays(path: Path, stack: contextlib.ExitStack) -> Mapping[str, Any]:
    """Arrays of a file by name; those of HDF5 and .npy are read as they are sliced. Nothing is unpickled."""
    kind = path.suffix.lower()
    if kind == ".npy":
        return {"features": np.load(path, mmap_mode="r", allow_pickle=False)}
    if kind == ".npz":
        packed = stack.enter_context(np.load(path, allow_pickle=False))
        return {name: packed[name] for name in packed.files}
    if h5py.is_hdf5(path):
        return all_datasets(stack.enter_context(open_others(path)), path)
    raise GxnError(f"{path}: must be HDF5, .npz or .npy, such as by {EXAMPLE}")


def _numeric(array: Any, dimensions: Sequence[int]) -> bool:
    return array.dtype.kind in "fiu" and array.ndim in dimensions and 0 not in array.shape


def _per_image(path: Path, arrays: Mapping[str, Any]) -> ReadyFeatures | None:
    """Features of a file with an array for each image: (D,), or (R, D) by regions; None: it is a table."""
    if len(arrays) < 2 or not all(
        _numeric(each, (1, 2)) and each.dtype.kind == "f" for each in arrays.values()
    ):
        return None
    widths = {each.shape[-1] for each in arrays.values()}
    if len(widths) != 1:
        raise GxnError(
            f"{path}: has arrays of different widths, {min(widths)} to {max(widths)}; one is needed"
        )
    names = list(arrays)

    def read(rows: np.ndarray) -> np.ndarray:
        vectors = [np.asarray(arrays[names[row]], dtype=np.float64) for row in rows]
        return np.stack([each.mean(axis=0) if each.ndim == 2 else each for each in vectors])

    return ReadyFeatures(path, _width(path, widths.pop()), names, None, read)


def _table(path: Path, arrays: Mapping[str, Any]) -> ReadyFeatures:
    """Features of a file with a table (N, D) or (N, R, D), and names or ids in it or beside it."""
    tables = {name: each for name, each in arrays.items() if _numeric(each, (2, 3))}
    key = next((key for key in FEATURE_KEYS if key in tables), None)
    if key is None and len(tables) != 1:
        raise GxnError(
            f"{path}: must hold one table of numbers, (images, width), called features; it has "
            f"{', '.join(sorted(tables)[:10]) or 'none'}. It can be written by {EXAMPLE}"
        )
    table = tables[key] if key else next(iter(tables.values()))
    count = len(table)
    if count > MOST_ROWS:
        raise GxnError(f"{path}: {table.shape}: more than {MOST_ROWS} rows cannot be right")
    flat = {name: each for name, each in arrays.items() if each.ndim == 1 and len(each) == count}
    named = _first(flat, NAME_KEYS, lambda each: each.dtype.kind in "USO")
    numbered = _first(flat, ID_KEYS, lambda each: each.dtype.kind in "iu")
    names = _texts(path, named) if named is not None else None
    if names is None and numbered is None:
        names = _beside(path, count)

    ids = None if numbered is None else np.asarray(numbered[:]).astype(np.int64)
    return ReadyFeatures(path, _width(path, table.shape[-1]), names, ids, lambda rows: take(table, rows))


def _width(path: Path, width: int) -> int:
    if width > MOST_WIDTH:
        raise GxnError(
            f"{path}: a width of {width} numbers per image cannot be right; the most is {MOST_WIDTH}"
        )
    return width


def _first(arrays: Mapping[str, Any], keys: Sequence[str], fits: Callable[[Any], bool]) -> Any:
    """The array under the first of `keys` that fits, or else the only one that fits."""
    fitting = {name: each for name, each in arrays.items() if fits(each)}
    key = next((key for key in keys if key in fitting), None)
    if key is None and len(fitting) == 1:
        key = next(iter(fitting))
    return None if key is None else fitting[key]


def _texts(path: Path, names: Any) -> list[str]:
    """Names as text; HDF5 and NumPy also hold them as bytes."""
    try:
        values = [each.decode() if isinstance(each, bytes) else str(each) for each in names[:].tolist()]
    except UnicodeDecodeError as error:
        raise GxnError(f"{path}: a name is not UTF-8: {error}") from error
    return values


def _beside(path: Path, count: int) -> list[str]:
    """Names in a text or JSON file beside the features, one a line or a list."""
    for beside in (path.with_suffix(".txt"), path.with_suffix(".json")):
        if not beside.exists():
            continue
        text = read_text(beside)
        names = (
            parse_json(text, str(beside)) if beside.suffix == ".json" else [n.strip() for _, n in lines(text)]
        )
        if not isinstance(names, list) or len(names) != count:
            found = len(names) if isinstance(names, list) else "no list of"
            raise GxnError(f"{beside}: has {found} names, but {path.name} has {count} rows")
        return [str(name) for name in names]
    raise GxnError(
        f"{path}: has neither names nor ids of its {count} images; write {path.with_suffix('.txt').name} beside "
        f"it, one file name per line in the order of the rows, or write them by {EXAMPLE}"
    )


def without_features(rows: Iterable[Row], path: Path) -> list[str]:
    """Names of images, of captions as their file gives them, that a file of precomputed features does not have.

    Raises:
        GxnError: as `open_ready`; or it has features of none of the images.
    """
    ids = {row.image: row.imgid for row in rows}
    names = list(ids)
    with open_ready(path) as ready:
        found = match(ready, names, None if None in ids.values() else list(ids.values()))
    if not (found >= 0).any():
        raise GxnError(f"{path}: has no features of any image that the captions name, such as {names[0]!r}")
    return sorted(name for name, row in zip(names, found, strict=True) if row < 0)
