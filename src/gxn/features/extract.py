"""Features of a dataset's images from a fixed CNN: decoding overlapped, progress kept, killed and resumed."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from gxn.config import need_least
from gxn.datasets import images
from gxn.datasets.captions import Record
from gxn.datasets.images import ImageSource, ahead
from gxn.errors import GxnError
from gxn.features import cnn, transforms
from gxn.features.cnn import normalise
from gxn.features.transforms import Transform
from gxn.files import digest, sha256, write_json
from gxn.models import plain_cnn
from gxn.writing import writing


@dataclass(frozen=True)
class FeaturesConfig(Transform):
    """Section `features` of the configuration: what is done to an image, and to its crops.

    Attributes:
        precision: how features are stored.
        arithmetic: of the forward pass.
        batch: crops at a time, since they are what fills the memory.
    """

    precision: Literal["float16", "float32"]
    arithmetic: Literal["float32", "bfloat16"]
    batch: int

    def __post_init__(self) -> None:
        super().__post_init__()
        need_least("features", self, batch=1)

    @property
    def step(self) -> int:
        """Images in a batch."""
        return max(1, self.batch // self.count)


class Rows:
    """Feature rows on their way into a file, kept in a folder so that a killed run goes on where it was.

    A raw file only ever grows by whole batches; what a kill cut short is dropped. Work of another recipe
    (its fingerprint differs) is thrown away.
    """

    def __init__(self, folder: Path, identity: str, width: int, dtype: np.dtype) -> None:
        self.path, self.state = folder / "rows.bin", folder / "state.json"
        self.width, self.dtype = width, np.dtype(dtype)
        try:
            known = self.path.exists() and json.loads(self.state.read_text()) == identity
        except (OSError, ValueError):
            known = False
        if not known:
            with writing(self.path):
                folder.mkdir(parents=True, exist_ok=True)
                self.path.write_bytes(b"")
            write_json(self.state, identity)

    def begin(self, batch: int, total: int) -> int:
        """Drop an unfinished batch and return the number of rows that are done."""
        row = self.width * self.dtype.itemsize
        done = self.path.stat().st_size // row
        done = done if done >= total else done - done % batch
        done = min(done, total)
        with writing(self.path), open(self.path, "r+b") as file:
            file.truncate(done * row)
        return done

    def append(self, features: np.ndarray) -> None:
        """Add rows (B, D) at the end; of rows that do not fit nothing stays, for the error needs room as well."""
        with writing(self.path), open(self.path, "ab", buffering=0) as file:
            end, rest = file.tell(), memoryview(features.tobytes())
            try:
                while rest:
                    rest = rest[file.write(rest) :]
            except OSError:
                file.truncate(end)
                raise

    def blocks(self, rows: int) -> Iterator[np.ndarray]:
        """All rows again, (<= rows, D) at a time."""
        with open(self.path, "rb") as file:
            while data := file.read(rows * self.width * self.dtype.itemsize):
                yield np.frombuffer(data, self.dtype).reshape(-1, self.width)

    def remove(self) -> None:
        """Delete the files, and the folder unless something else lies in it: the work is done."""
        self.state.unlink(missing_ok=True)  # first: a kill here leaves rows that belong to nobody
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()


def fingerprint(records: list[Record], source: ImageSource, recipe: dict[str, Any]) -> str:
    """Identity of an extraction: images, recipe, and the code and the torch that carry it out."""
    modules = (cnn, plain_cnn, images, transforms)
    code = [sha256(file) for file in (__file__, *(module.__file__ for module in modules))]
    named = [[record.filename, record.imgid, record.truncated] for record in records]
    return digest([named, source.identity(records), recipe, code, torch.__version__])


def batches(
    records: list[Record], source: ImageSource, config: FeaturesConfig, workers: int
) -> Iterator[np.ndarray]:
    """Crops uint8 (B * K, crop, crop, 3) of the records, batch by batch, read ahead by threads."""

    def crops(record: Record) -> np.ndarray:
        return config(source.read(record), f"{record.filename} (imgid {record.imgid})")

    read = ahead(crops, records, workers, depth=2 * config.step)
    for start in range(0, len(records), config.step):
        yield np.concatenate([next(read) for _ in records[start : start + config.step]])


@torch.inference_mode()
def forward(
    network: nn.Module, crops: np.ndarray, count: int, device: torch.device, arithmetic: str
) -> Tensor:
    """Features float32 (B, D) of crops uint8 (B * K, H, W, 3): the mean over the K = `count` crops of each."""
    pixels = torch.from_numpy(crops).to(device).permute(0, 3, 1, 2)  # channels last in memory
    with torch.autocast(device.type, torch.bfloat16, enabled=arithmetic == "bfloat16"):
        features = network(normalise(pixels))
    return features.float().unflatten(0, (-1, count)).mean(1)


def extract(
    network: nn.Module,
    records: list[Record],
    source: ImageSource,
    config: FeaturesConfig,
    device: torch.device,
    workers: int,
) -> Iterator[np.ndarray]:
    """Features (B, D), float16 or float32, of `records`, batch by batch, in their order.

    Raises:
        GxnError: an image cannot be read or is too small, or a feature is not finite.
    """
    network = network.to(device, memory_format=torch.channels_last).eval()
    read = batches(records, source, config, workers)
    for start, crops in zip(range(0, len(records), config.step), read, strict=True):
        features = forward(network, crops, config.count, device, config.arithmetic)
        with np.errstate(over="ignore"):
            stored = features.cpu().numpy().astype(config.precision)
        wrong = ~np.isfinite(stored).all(axis=1)
        if wrong.any():
            record = records[start + int(wrong.argmax())]
            what = f"its features are not finite as {config.precision}; are these the weights meant?"
            raise GxnError(f"{record.filename} (imgid {record.imgid}): {what}")
        yield stored
