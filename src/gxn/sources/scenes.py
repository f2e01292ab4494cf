"""Scenes that the package renders: things of given shape, colour, size and texture on a ground, with captions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from gxn import cli
from gxn.configuration.section import Images, Seed, number
from gxn.sources._source import Counts, Order, Source

CAPTIONS = 5  # of each image
CHUNK = 64  # images written, and held in memory, at a time


class Parameters(Source):
    """Rendered scenes, disjoint in content between splits."""

    seed: Seed = Field(description="Seed of the data: every row and every seed of training sees the same")
    size: number(int, ge=32, le=512) = Field(description="Side of a scene in pixels")
    train: Images = Field(description="Images of the training split")
    val: Images = Field(description="Images of the validation split")
    test: Images = Field(description="Images of the test split")

    def renders(self) -> bool:
        """Scenes are rendered."""
        return True

    def counts(self) -> Counts:
        """Give the configured numbers, with five captions for each image."""
        return Counts(self.train, self.val, self.test, CAPTIONS * self.train)

    def image_side(self) -> int:
        """Give the configured value."""
        return self.size


def make(parameters: Parameters, order: Order) -> None:
    """Render all splits; memory grows by 100 bytes an image.

    Args:
        parameters: of the scenes.
        order: the captions to write, and the HDF5: `images` uint8 (N, size, size, 3) and `imgid` int64 (N,).
    """
    import numpy as np

    from gxn.datasets.rendering import render
    from gxn.datasets.scenes import generator
    from gxn.files import digest
    from gxn.hdf5 import create_hdf5
    from gxn.writing import atomic

    total = parameters.train + parameters.val + parameters.test
    about = {"scenes": digest(parameters.model_dump())}
    # the images are in place before the captions that name them
    with atomic(order.captions) as temporary, create_hdf5(order.images, about) as file:
        shape = (total, parameters.size, parameters.size, 3)
        store = file.create_dataset("images", shape, "uint8", chunks=(min(CHUNK, total), *shape[1:]))
        file.create_dataset("imgid", data=np.arange(total, dtype=np.int64))
        with open(temporary, "w", encoding="utf-8") as text:
            text.write(f'{{"dataset": {json.dumps(order.name)}, "images": [\n')
            held: list[np.ndarray] = []
            for imgid, split, index, scene in cli.progress(in_order(parameters), total, "scenes"):
                held.append(render(scene, parameters.size, generator(parameters.seed, split, index, 1)))
                if len(held) == CHUNK or imgid == total - 1:
                    store[imgid + 1 - len(held) : imgid + 1] = np.stack(held)
                    held.clear()
                text.write(json.dumps(entry(parameters.seed, imgid, split, index, scene)))
                text.write("\n" if imgid == total - 1 else ",\n")
            text.write("]}\n")


def in_order(parameters: Parameters) -> Iterator[tuple[int, str, int, Any]]:
    """Image id, split, index in the split and scene of every image."""
    from gxn.datasets.scenes import SPLITS, scenes

    imgid = 0
    for split in SPLITS:
        for index, scene in enumerate(scenes(parameters.seed, split, getattr(parameters, split))):
            yield imgid, split, index, scene
            imgid += 1


def entry(seed: int, imgid: int, split: str, index: int, scene: Any) -> dict[str, Any]:
    """One image of `captions.json`, with the scene and the facts that each sentence states."""
    from gxn.datasets import grammar
    from gxn.datasets.scenes import generator

    written = grammar.captions(scene, generator(seed, split, index, 2))
    sentids = [imgid * len(written) + number for number in range(len(written))]
    return {
        "filename": f"{split}_{index:06d}.png",
        "imgid": imgid,
        "split": split,
        "sentids": sentids,
        "sentences": [
            {
                "raw": each.raw,
                "tokens": each.tokens,
                "mentions": each.mentions,
                "imgid": imgid,
                "sentid": sentid,
            }
            for sentid, each in zip(sentids, written, strict=True)
        ],
        "scene": scene.facts(),
    }
