"""The per-query ranks of many runs, as the step `evaluate` writes them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from gxn.errors import GxnError
from gxn.evaluation.metrics import DIRECTIONS
from gxn.hdf5 import hdf5_dataset, hdf5_metadata, open_hdf5

FIELDS = (*DIRECTIONS, "imgid", "sentid", "caption_image", "fold")


@dataclass(frozen=True)
class Ranked:
    """Ranks of one run under one protocol: i2t (N,), t2i (M,), of the queries imgid (N,) and sentid (M,)."""

    path: Path
    dataset: str
    protocol: str
    method: str
    seed: int | None  # None: the row has none
    i2t: np.ndarray
    t2i: np.ndarray
    imgid: np.ndarray
    sentid: np.ndarray
    caption_image: np.ndarray  # (M,) row of the caption's image
    fold: np.ndarray  # (N,)


def read_ranks(paths: Iterable[str | Path], methods: Collection[str]) -> list[Ranked]:
    """Ranks of all the files, in the order of datasets, protocols, `methods` and seeds.

    Raises:
        GxnError: a file is damaged, is of no row in `methods`, is given twice, or has other queries.
    """
    runs = [run for path in paths for run in _read(Path(path))]
    for run in runs:
        if run.method not in methods:
            raise GxnError(f"{run.path}: method {run.method!r} is not among the rows {', '.join(methods)}")
    order = list(methods)
    runs.sort(key=lambda run: (run.dataset, run.protocol, order.index(run.method), run.seed or 0))
    first: dict[tuple[str, str], Ranked] = {}
    seen: dict[tuple[str, str, str, int], Ranked] = {}
    for run in runs:
        other = first.setdefault((run.dataset, run.protocol), run)
        for name in ("imgid", "sentid", "caption_image"):
            if not np.array_equal(getattr(run, name), getattr(other, name)):
                raise GxnError(f"{run.path}: its queries ({name}) are not those of {other.path}")
        twice = seen.setdefault((run.dataset, run.protocol, run.method, run.seed), run)
        if twice is not run:
            raise GxnError(f"{run.path}: seed {run.seed} of {run.method!r} is also in {twice.path}")
    return runs


def by_search(runs: list[Ranked]) -> dict[tuple[str, str], dict[str, list[Ranked]]]:
    """The runs of each (dataset, protocol), by method, in their order."""
    grouped: dict[tuple[str, str], dict[str, list[Ranked]]] = {}
    for run in runs:
        grouped.setdefault((run.dataset, run.protocol), {}).setdefault(run.method, []).append(run)
    return grouped


def _read(path: Path) -> list[Ranked]:
    try:
        with open_hdf5(path) as file:
            metadata = hdf5_metadata(file)
            missing = {"dataset", "method", "seed"} - metadata.keys()
            if missing:
                raise GxnError(f"{path}: its metadata has no {min(missing)!r}. Evaluate the run again")
            run = {name: str(metadata[name]) for name in ("dataset", "method")}
            run["seed"] = None if metadata["seed"] is None else int(metadata["seed"])
            return [
                Ranked(path=path, protocol=protocol, **run, **_arrays(file, protocol))
                for protocol in sorted(file)
            ]
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise GxnError(f"{path}: is not a file of ranks: {error}. Evaluate the run again") from error


def _arrays(file: h5py.File, protocol: str) -> dict[str, np.ndarray]:
    kinds = {name: "f" if name in DIRECTIONS else "iu" for name in FIELDS}
    arrays = {name: hdf5_dataset(file, f"{protocol}/{name}", kinds[name], 1)[:] for name in FIELDS}
    images, captions = len(arrays["imgid"]), len(arrays["sentid"])
    lengths = {"i2t": images, "fold": images, "t2i": captions, "caption_image": captions}
    for name, length in lengths.items():
        if arrays[name].shape != (length,) or not length:
            raise ValueError(f"{protocol}/{name} has shape {arrays[name].shape}")
    for name in ("imgid", "sentid"):
        if len(np.unique(arrays[name])) != len(arrays[name]):
            raise ValueError(f"{protocol}/{name} has an id twice")
    for name in DIRECTIONS:
        if not (arrays[name] >= 1).all() or not np.isfinite(arrays[name]).all():
            raise ValueError(f"{protocol}/{name} contains a rank below 1, or NaN")
    if arrays["fold"].min() < 0:
        raise ValueError(f"{protocol}/fold contains a number below 0")
    caption_image = arrays["caption_image"]
    if caption_image.min() < 0 or caption_image.max() >= images:
        raise ValueError(f"{protocol}/caption_image does not point into the {images} images")
    return arrays
