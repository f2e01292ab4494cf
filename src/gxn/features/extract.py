"""Features of a dataset's images from a fixed CNN, with reading and decoding overlapped."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from gxn.configuration.features import Features
from gxn.datasets.captions import Record
from gxn.datasets.images import ImageSource, prefetch
from gxn.errors import GxnError
from gxn.features.cnn import normalise
from gxn.features.transforms import crops, crops_per_image, images_per_batch


def batches(
    records: list[Record], source: ImageSource, settings: Features, workers: int
) -> Iterator[np.ndarray]:
    """Yield crops uint8 (B * K, crop, crop, 3) of the records, batch by batch, read ahead by `workers` threads."""

    def crops_of(record: Record) -> np.ndarray:
        return crops(source.read(record), settings, f"{record.filename} (imgid {record.imgid})")

    step = images_per_batch(settings)
    read = prefetch(crops_of, records, workers, depth=2 * step)
    for start in range(0, len(records), step):
        yield np.concatenate([next(read) for _ in records[start : start + step]])


@torch.inference_mode()
def forward(
    network: nn.Module, crops: np.ndarray, count: int, device: torch.device, compute_dtype: str
) -> Tensor:
    """Compute features float32 (B, D) of crops uint8 (B * K, H, W, 3): the mean over K = `count` crops."""
    pixels = torch.from_numpy(crops).to(device).permute(0, 3, 1, 2)  # channels last in memory
    with torch.autocast(device.type, torch.bfloat16, enabled=compute_dtype == "bfloat16"):
        features = network(normalise(pixels))
    return features.float().unflatten(0, (-1, count)).mean(1)


def extract(
    network: nn.Module,
    records: list[Record],
    source: ImageSource,
    settings: Features,
    device: torch.device,
    workers: int,
) -> Iterator[np.ndarray]:
    """Yield features (B, D), float16 or float32, of `records`, batch by batch, in their order.

    Raises:
        GxnError: an image cannot be read or is too small, or a feature is not finite.
    """
    network = network.to(device, memory_format=torch.channels_last).eval()
    starts = range(0, len(records), images_per_batch(settings))
    for start, batch in zip(starts, batches(records, source, settings, workers), strict=True):
        features = forward(network, batch, crops_per_image(settings), device, settings.compute_dtype)
        with np.errstate(over="ignore"):
            stored = features.cpu().numpy().astype(settings.storage_dtype)
        wrong = ~np.isfinite(stored).all(axis=1)
        if wrong.any():
            record = records[start + int(wrong.argmax())]
            what = f"its features are not finite as {settings.storage_dtype}; are these the weights meant?"
            raise GxnError(f"{record.filename} (imgid {record.imgid}): {what}")
        yield stored
