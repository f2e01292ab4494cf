"""Photographs as features, as the row's CNN and transform give them; those of a folder are kept in one file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gxn import cli
from gxn.configuration.features import Features, FixedCnn
from gxn.datasets.captions import Record
from gxn.datasets.folders import is_image_name, walk
from gxn.datasets.images import Folder
from gxn.errors import GxnError
from gxn.features.store import read_features
from gxn.files import digest, sha256
from gxn.hdf5 import create_hdf5, hdf5_metadata, open_hdf5
from gxn.processors import available_cpus

CHUNK = 64  # photographs between two lines of progress, and tried one by one where one of them is damaged


class Files:
    """Photographs by their path, which is the record's file name."""

    def read(self, record: Record) -> np.ndarray:
        """Pixels uint8 (H, W, 3); raises GxnError with the path."""
        path = Path(record.filename).absolute()
        return Folder(path.parent).read(Record(path.name, record.imgid, record.split, ()))


def pictures(paths: Sequence[str | Path]) -> list[np.ndarray]:
    """Photographs as uint8 (H, W, 3), the longer side shrunk to what a page can show.

    Raises:
        GxnError: one is missing or cannot be read.
    """
    from gxn.reporting.queries import reduced

    return [reduced(Files().read(Record(str(path), at, "test", ()))) for at, path in enumerate(paths)]


@dataclass(frozen=True)
class Photographs:
    """The CNN, its weights and the transform that a row's features come from.

    Attributes:
        weights: safetensors file of the CNN.
        sha256: hash of that file, which it must have.
    """

    cnn: FixedCnn
    settings: Features
    weights: Path
    sha256: str
    device: torch.device

    def about(self) -> dict[str, Any]:
        """All settings that a feature depends on, as the metadata of `features.h5` record them."""
        from gxn.features.cnn import MEAN, STD
        from gxn.features.transforms import describe

        return {
            "cnn": self.cnn.name,
            "layer": self.cnn.layer,
            "weights": self.sha256,
            "transform": describe(self.settings) | {"mean": list(MEAN), "std": list(STD)},
            "compute_dtype": self.settings.compute_dtype,
            "storage_dtype": self.settings.storage_dtype,
        }

    @cached_property
    def network(self) -> torch.nn.Module:
        """The CNN.

        Raises:
            GxnError: its weights are not those that the row was trained with.
        """
        from gxn.features.cnn import load_cnn

        if (found := sha256(self.weights)) != self.sha256:
            raise GxnError(
                f"{self.weights}: is another CNN than the row was trained with: its SHA-256 is {found[:12]}…, "
                f"not {self.sha256[:12]}…; put the right file there"
            )
        return load_cnn(self.cnn.name, self.cnn.layer, self.weights)[0]

    def features(self, paths: Sequence[str | Path]) -> np.ndarray:
        """Features float32 (N, F) of photographs.

        Raises:
            GxnError: one is missing or cannot be read; or as `network`.
        """
        from gxn.features.extract import extract

        records = [Record(str(path), at, "test", ()) for at, path in enumerate(paths)]
        batches = extract(self.network, records, Files(), self.settings, self.device, available_cpus())
        return np.concatenate([batch.astype(np.float32) for batch in batches])

    def features_of_folder(self, folder: Path) -> tuple[list[str], np.ndarray]:
        """Names of the photographs below a folder, relative to it, and their features float32 (N, F).

        Features kept by an earlier call are used for photographs whose size and date have not changed since. Where
        they cannot be kept, a warning says so.

        Raises:
            GxnError: the folder has no photograph that can be read; or as `network`.
        """
        folder = folder.resolve()
        names = [name for name in walk(folder) if is_image_name(name)]
        if not names:
            raise GxnError(f"{folder}: has no photographs")
        stamps = [_stamp(folder / name) for name in names]
        path = cache_folder() / f"{digest([str(folder), self.about()])[:32]}.h5"
        known = self._kept(path)
        new = [at for at, stamp in enumerate(stamps) if known.get(names[at], (None,))[0] != stamp]
        if new:
            chunks = [new[start : start + CHUNK] for start in range(0, len(new), CHUNK)]
            for chunk in cli.progress(chunks, len(chunks), f"photographs of {folder}, {CHUNK} at a time"):
                found = self._readable([folder / names[at] for at in chunk])
                known |= {names[at]: (stamps[at], row) for at, row in zip(chunk, found, strict=True)}
        rows = {name: known[name] for name in names}
        if new or len(known) != len(rows):
            try:
                self._keep(path, folder, rows)
            except GxnError as error:
                cli.warn(f"{error}; so the photographs are read again next time")
        readable = [name for name, (_, row) in rows.items() if row is not None]
        if not readable:
            raise GxnError(f"{folder}: none of its {len(names)} photographs can be read")
        return readable, np.stack([rows[name][1] for name in readable])

    def _readable(self, paths: Sequence[Path]) -> list[np.ndarray | None]:
        """Features (F,) of each photograph; None, with a warning, where it cannot be read."""
        try:
            return list(self.features(paths))
        except GxnError as error:
            if len(paths) == 1:
                cli.warn(f"{error}; it is left out")
                return [None]
        return [row for path in paths for row in self._readable([path])]

    def _kept(self, path: Path) -> dict[str, tuple[Any, np.ndarray | None]]:
        """Stamp and features of each photograph that an earlier call kept; none where the file is damaged."""
        if not path.exists():
            return {}
        try:
            with open_hdf5(path) as file:
                kept = hdf5_metadata(file)
            rows = read_features(path, np.array([row for *_, row in kept["photographs"] if row is not None]))
            places = iter(rows)
            return {
                name: (stamp, None if row is None else next(places))
                for name, stamp, row in kept["photographs"]
            }
        except (GxnError, KeyError, TypeError, ValueError) as error:
            cli.warn(f"{path}: is damaged and is made again ({error})")
            return {}

    def _keep(self, path: Path, folder: Path, rows: dict[str, tuple[Any, np.ndarray | None]]) -> None:
        features = [row for _, row in rows.values() if row is not None]
        if not features:
            return
        count = iter(range(len(rows)))
        places = [[name, stamp, None if row is None else next(count)] for name, (stamp, row) in rows.items()]
        with create_hdf5(path, {"folder": str(folder), "photographs": places}) as file:
            file["features"] = np.stack(features)
            file["imgid"] = np.arange(len(features))


def cache_folder() -> Path:
    """Folder of kept features, in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "gxn" / "photographs"


def _stamp(path: Path) -> list[int]:
    """Size and modification time of a file, which differ if it was changed."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]
