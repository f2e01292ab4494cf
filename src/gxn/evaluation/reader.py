"""A reader of drawings: a small CNN, trained on rendered scenes of no split, that says what a picture shows.

A 32 x 32 picture is cut into five patches of 16 x 16 pixels around the places of a scene, and one CNN looks at
each: three times [conv 3x3, batch norm, ReLU, max-pool 2] of 32, 64 and 128 channels, then 128 hidden units. Of
each patch it says whether a thing stands there, and the thing's shape, colour, size and texture; of the mean of
the five, the ground.

At equal CPU time (45 s) one convolution per block reads 0.978 of the answers right on 1,000 test
pictures, two convolutions per block 0.966: twice the updates are worth more than twice the layers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gxn.datasets.images import resize_shorter
from gxn.datasets.palette import ATTRIBUTES, GROUNDS, PLACES
from gxn.errors import GxnError
from gxn.evaluation.drawn_facts import Reading
from gxn.files import load_tensors, save_tensors

SIDE = 32  # pixels of a picture, as the reader sees it
PATCH = 16  # pixels of the patch around a place; the largest things are 14 wide
CHANNELS = (32, 64, 128)
HIDDEN = 128
WIDTHS = [1, *map(len, ATTRIBUTES.values())]  # answers for each place: presence, then the attributes
BATCH = 256


class Reader(nn.Module):
    """The CNN; `forward` takes float pictures (B, 3, 32, 32) in -1..1 (values outside are allowed)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *CHANNELS), CHANNELS, strict=False):
            layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            layers.append(nn.MaxPool2d(2))
        pooled = CHANNELS[-1] * (PATCH // 2 ** len(CHANNELS)) ** 2
        layers += [nn.Flatten(), nn.Linear(pooled, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.ReLU()]
        self.patch_net = nn.Sequential(*layers)
        self.thing_head = nn.Linear(HIDDEN, sum(WIDTHS))
        self.ground_head = nn.Linear(HIDDEN, len(GROUNDS))

    def features(self, pictures: Tensor) -> Tensor:
        """Hidden units of the five patches, float (B, 5, 128), 0 or more."""
        patches = torch.stack([pictures[:, :, y : y + PATCH, x : x + PATCH] for x, y in corners()], dim=1)
        hidden = self.patch_net(patches.flatten(0, 1).contiguous(memory_format=torch.channels_last))
        return hidden.view(len(pictures), len(PLACES), HIDDEN)

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Logits: of the ground (B, 8), of presence (B, 5, 1), then of each attribute (B, 5, its values)."""
        hidden = self.features(pictures)
        return self.ground_head(hidden.mean(dim=1)), *self.thing_head(hidden).split(WIDTHS, dim=2)


def corners() -> list[tuple[int, int]]:
    """Left and upper edge, in pixels, of the patch around each place, in the order of `PLACES`."""
    return [tuple(round(share * SIDE - PATCH / 2) for share in centre) for centre in PLACES.values()]


def as_input(pictures: Tensor) -> Tensor:
    """uint8 or float pictures in 0..255 as float32 in -1..1, same shape."""
    return pictures.float() / 127.5 - 1


def shrunk(pictures: np.ndarray) -> Tensor:
    """Pictures as the reader sees them, uint8 (N, 3, 32, 32); larger ones shrink as thumbnails do.

    Raises:
        GxnError: `pictures` are not uint8 (N, 3, S, S) with S of at least 32.
    """
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[1] != 3:
        raise GxnError(f"reader: pictures must be uint8 (N, 3, S, S), not {pictures.dtype} {pictures.shape}")
    side = pictures.shape[2]
    if pictures.shape[3] != side or side < SIDE:
        raise GxnError(
            f"reader: pictures must be squares of at least {SIDE} pixels, not {pictures.shape[2:]}"
        )
    if side > SIDE:
        small = [resize_shorter(each, SIDE) for each in np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))]
        pictures = np.stack(small).transpose(0, 3, 1, 2) if small else np.empty((0, 3, SIDE, SIDE), np.uint8)
    return torch.from_numpy(np.ascontiguousarray(pictures))


@torch.inference_mode()
def read(reader: Reader, pictures: np.ndarray) -> list[Reading]:
    """Read pictures: `{"ground": ..., "things": [...]}` each, things in the order of `PLACES`.

    Args:
        reader: a trained reader, on any device; it is put into evaluation mode.
        pictures: uint8 (N, 3, S, S), S of at least 32.

    Raises:
        GxnError: the pictures have another type or shape.
    """
    reader.eval()
    device = next(reader.parameters()).device
    found: list[Reading] = []
    for batch in shrunk(pictures).split(BATCH):
        ground, presence, *attributes = reader(as_input(batch.to(device)))
        answers = torch.stack(
            [(presence > 0).squeeze(2).long(), *(each.argmax(2) for each in attributes)], dim=2
        )
        found += [
            _reading(*picture) for picture in zip(ground.argmax(1).tolist(), answers.tolist(), strict=True)
        ]
    return found


def _reading(ground: int, answers: Sequence[Sequence[int]]) -> Reading:
    """A reading from the index of the ground and, for each place, presence and indices of the attributes."""
    things = [
        {name: values[index] for (name, values), index in zip(ATTRIBUTES.items(), indices, strict=True)}
        | {"place": place}
        for place, (present, *indices) in zip(PLACES, answers, strict=True)
        if present
    ]
    return {"ground": list(GROUNDS)[ground], "things": things}


def save_reader(path: str | Path, reader: Reader, metadata: Mapping[str, Any]) -> None:
    """Write the reader as safetensors, with `metadata` (its accuracy, seed, ...)."""
    save_tensors(path, reader.state_dict(), metadata)


def load_reader(path: str | Path) -> tuple[Reader, dict[str, Any]]:
    """Read what `save_reader` wrote: the reader in evaluation mode, and its metadata.

    Raises:
        GxnError: the file is missing or damaged, or is not a reader.
    """
    tensors, metadata = load_tensors(path)
    reader = Reader()
    try:
        reader.load_state_dict(tensors)
    except RuntimeError as error:
        raise GxnError(f"{path}: is not a reader of drawings; train it again") from error
    return reader.eval(), metadata
