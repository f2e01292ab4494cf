"""A split in memory and its batches: integer arrays only, no Python work per caption."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gxn.datasets.tokens import Captions, read_tokens
from gxn.datasets.words import PAD
from gxn.features.store import read_features
from gxn.training.batches import whole_batches


@dataclass(frozen=True)
class Batch:
    """Caption-image pairs, longest caption first.

    Attributes:
        caption: int64 (B,), the pairs' captions by their row in the split, on the CPU.
        image: int64 (B,), the pairs' images by their row in the split.
        features: float32 (B, F), of the images.
        tokens: int64 (B, T), padded with PAD, without BOS and EOS.
        lengths: int64 (B,), on the CPU.
    """

    caption: Tensor
    image: Tensor
    features: Tensor
    tokens: Tensor
    lengths: Tensor


@dataclass(frozen=True)
class Split:
    """A split's features and captions.

    Attributes:
        features: float32 (N, F).
        tokens: int64 (C, T); `lengths`: int64 (C,), on the CPU.
        caption_image: int64 (C,), each caption's image by its row.
        imgid, sentid: int64 (N,) and (C,), NumPy.
        words: the vocabulary, by id.
    """

    name: str
    features: Tensor
    tokens: Tensor
    lengths: Tensor
    caption_image: Tensor
    imgid: np.ndarray
    sentid: np.ndarray
    words: tuple[str, ...]

    def batch(self, captions: Tensor) -> Batch:
        """The pairs of the given captions, int64 (B,), sorted by falling length."""
        captions = self.sorted(captions)
        lengths = self.lengths[captions]
        rows = captions.to(self.tokens.device, non_blocking=True)
        image = self.caption_image[rows]
        return Batch(captions, image, self.features[image], self.tokens[rows, : int(lengths[0])], lengths)

    def first(self, images: int | None) -> "Split":
        """Keep the first images alone; None: all."""
        if images is None or images >= len(self.imgid):
            return self
        kept = self.caption_image < images
        rows = kept.cpu()
        return replace(
            self,
            features=self.features[:images],
            tokens=self.tokens[kept],
            lengths=self.lengths[rows],
            caption_image=self.caption_image[kept],
            imgid=self.imgid[:images],
            sentid=self.sentid[rows.numpy()],
        )

    def sample(self, count: int) -> Batch:
        """`count` pairs at even distances over the split; all where there are no more."""
        return self.batch(spread_rows(len(self.lengths), count))

    def sorted(self, captions: Tensor) -> Tensor:
        """The captions, int64 (B,), by falling length."""
        return captions[torch.argsort(self.lengths[captions], descending=True, stable=True)]

    def batches(self, size: int, seed: int, epoch: int) -> Iterator[Batch]:
        """One epoch of whole batches in an order that depends on `seed` and `epoch` alone."""
        for captions in epoch_order(len(self.lengths), seed, epoch).split(size)[: self.steps(size)]:
            yield self.batch(captions)

    def steps(self, size: int) -> int:
        """Whole batches in an epoch, as `whole_batches`."""
        return whole_batches(len(self.lengths), size, self.name)


def spread_rows(size: int, count: int) -> Tensor:
    """`count` rows, int64, at even distances over `size`; all where there are no more."""
    count = min(size, count)
    return torch.arange(count) * size // count


def epoch_order(captions: int, seed: int, epoch: int) -> Tensor:
    """A permutation of range(captions), the same for every row of the table and after any resume."""
    mixed = hashlib.sha256(f"{seed}/{epoch}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(mixed[:7], "little"))
    return torch.randperm(captions, generator=generator)


def read_split(tokens: Path, features: Path, name: str, device: torch.device) -> Split:
    """Join the captions and features of a split by image id and put them on the device."""
    captions = read_tokens(tokens, name)
    return make_split(captions, torch.from_numpy(read_features(features, captions.imgid)), name, device)


def make_split(captions: Captions, features: Tensor, name: str, device: torch.device) -> Split:
    """A split of captions and of features (N, F) of its images, in their order, on the device."""
    lengths = np.diff(captions.offsets)
    padded = np.full((len(lengths), lengths.max()), PAD, np.int64)
    padded[np.arange(lengths.max()) < lengths[:, None]] = captions.tokens
    return Split(
        name=name,
        features=features.to(device),
        tokens=torch.from_numpy(padded).to(device),
        lengths=torch.from_numpy(lengths.astype(np.int64)),
        caption_image=torch.from_numpy(captions.caption_image).to(device),
        imgid=captions.imgid,
        sentid=captions.sentid,
        words=captions.words,
    )
