"""A split of six images in memory, two captions each, whose batches carry pixels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gxn.datasets.captions import Record
from gxn.datasets.tokens import Captions
from gxn.training.data import make_split
from gxn.training.distributed import Processes
from gxn.training.images import Crops, ImageSplit

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Painted:
    """Images of one colour each, which is their id; or of noise that depends on it."""

    noisy: bool = False

    def read(self, record: Record) -> np.ndarray:
        """Pixels of an image."""
        if self.noisy:
            return np.random.default_rng(record.imgid).integers(0, 256, (16, 20, 3), np.uint8)
        return np.full((16, 20, 3), record.imgid, np.uint8)

    def size(self, record: Record) -> tuple[int, int]:
        """Its sides."""
        return 16, 20

    def identity(self, records: list[Record]) -> Any:
        """Its ids."""
        return [record.imgid for record in records]


def image_split(count: int = 1, rank: int = 0, noisy: bool = False) -> ImageSplit:
    """Images 10 to 15, for process `rank` of `count`."""
    images, lengths = np.repeat(np.arange(6), 2), np.array([3, 5, 2, 4, 1, 6, 3, 2, 5, 4, 2, 3])
    random = np.random.default_rng(1)
    captions = Captions(
        random.integers(3, 9, lengths.sum()).astype(np.int32), np.concatenate([[0], np.cumsum(lengths)]),
        np.arange(6) + 10, images, np.arange(12), tuple("abcdefghi"), "",
    )  # fmt: skip
    split = make_split(captions, torch.empty((6, 0)), "train", CPU)
    records = tuple(Record(f"{i}.png", i, "train", ()) for i in captions.imgid.tolist())
    return ImageSplit(
        **vars(split), records=records, source=Painted(noisy), crops=Crops(12, 0.3, True),
        processes=Processes(count, rank, CPU),
    )  # fmt: skip
