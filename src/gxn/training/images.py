"""Splits whose batches carry pixels: read ahead, cropped at random, a share of each batch for each process."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from gxn.datasets.captions import Record, image_ids, read_captions
from gxn.datasets.images import ImageSource, open_images, prefetch
from gxn.datasets.tokens import read_tokens
from gxn.files import rows_of
from gxn.processors import available_cpus
from gxn.training.data import Batch, Split, epoch_order, make_split
from gxn.training.distributed import Processes

# sides of a crop, width to height, and how often one is tried; as everybody trains on ImageNet
NARROWEST, WIDEST, ATTEMPTS = 3 / 4, 4 / 3, 10


@dataclass(frozen=True)
class Crops:
    """Settings of the crop of a training image.

    Attributes:
        side: of what the CNN sees, pixels.
        min_area: least share of the image's area that a crop covers.
        flip: mirror every other image.
    """

    side: int
    min_area: float
    flip: bool

    def __call__(self, pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """A random part of uint8 (H, W, 3) as uint8 (side, side, 3)."""
        height, width = pixels.shape[:2]
        box = self._box(height, width, random)
        size = (self.side, self.side)
        part = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, box)
        mirrored = random.random() < 0.5
        return np.asarray(part)[:, ::-1] if self.flip and mirrored else np.asarray(part)

    def _box(self, height: int, width: int, random: np.random.Generator) -> tuple[int, int, int, int]:
        """Left, top, right and bottom: area uniform, ratio of sides uniform in its logarithm."""
        for _ in range(ATTEMPTS):
            area = height * width * random.uniform(self.min_area, 1)
            ratio = math.exp(random.uniform(math.log(NARROWEST), math.log(WIDEST)))
            across, down = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < across <= width and 0 < down <= height:
                left, top = (int(random.integers(free + 1)) for free in (width - across, height - down))
                return left, top, left + across, top + down
        side = min(height, width)
        left, top = (width - side) // 2, (height - side) // 2
        return left, top, left + side, top + side


@dataclass(frozen=True)
class ImageSplit(Split):
    """A split whose batches' `features` are pixels uint8 (b, 3, S, S), those of this process's share.

    The other parts of a batch are those of the whole batch, of all processes.

    Attributes:
        records: of the images, by row.
        source: where their pixels come from.
        crops: how they are cropped.
        processes: those that share each batch.
    """

    records: tuple[Record, ...]
    source: ImageSource
    crops: Crops
    processes: Processes

    def first(self, images: int | None) -> "ImageSplit":
        """Keep the first images alone; None: all."""
        kept = super().first(images)
        return replace(kept, records=kept.records[: len(kept.imgid)])

    def identity(self) -> Any:
        """A JSON value that changes when the images do."""
        return self.source.identity(list(self.records))

    @property
    def workers(self) -> int:
        """Threads that read images here."""
        return max(1, available_cpus() // self.processes.count)

    def batches(self, size: int, seed: int, epoch: int) -> Iterator[Batch]:
        """Batches as a split gives them. Crops depend on seed, epoch and caption, not on the process."""
        share = self.processes.share(size)
        order = epoch_order(len(self.lengths), seed, epoch).split(size)[: self.steps(size)]
        batches = [self.sorted(captions) for captions in order]
        owner = self.caption_image.cpu()
        wanted = (int(caption) for captions in batches for caption in captions[share])

        def crop(caption: int) -> np.ndarray:
            random = np.random.default_rng([seed, epoch, caption])
            return self.crops(self.source.read(self.records[owner[caption]]), random)

        read = prefetch(crop, wanted, self.workers, depth=2 * (share.stop - share.start))
        for captions in batches:
            pixels = np.stack([next(read) for _ in range(share.start, share.stop)])
            on_device = torch.from_numpy(pixels).to(self.tokens.device).permute(0, 3, 1, 2)
            yield replace(self.batch(captions), features=on_device)


def read_image_split(
    tokens: Path, captions: Path, images: Path, name: str, crops: Crops, processes: Processes
) -> ImageSplit:
    """Join the captions of a split and its images by image id.

    Raises:
        GxnError: a file is damaged, or an image of the split is in none of `captions`' records.
    """
    found, records = read_tokens(tokens, name), read_captions(captions)
    rows = rows_of(found.imgid, image_ids(records), captions)
    nothing = torch.empty((len(rows), 0))  # the CNN is still to see the images
    split = make_split(found, nothing, name, processes.device)
    return ImageSplit(
        **{field.name: getattr(split, field.name) for field in fields(split)},
        records=tuple(records[row] for row in rows),
        source=open_images(images),
        crops=crops,
        processes=processes,
    )
