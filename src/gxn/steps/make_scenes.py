"""Render the embedded data set: images and captions of all splits."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gxn import cli
from gxn.config import parse
from gxn.datasets.grammar import captions
from gxn.datasets.rendering import render
from gxn.datasets.scenes import SPLITS, Scene, Settings, generator, scenes
from gxn.files import create_hdf5, digest
from gxn.writing import atomic

CHUNK = 64  # images written, and held in memory, at a time


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--scenes", type=cli.json_argument, required=True, help="the configuration section, JSON"
    )
    parser.add_argument("--captions", type=Path, required=True, help="Karpathy JSON to write")
    parser.add_argument("--images", type=Path, required=True, help="HDF5 file to write")
    cli.run(step, parser)


def step(scenes: Any, captions: Path, images: Path) -> None:
    """Write both files; memory does not grow with the number of images, but for 100 bytes each."""
    settings = parse(Settings, scenes, "scenes")
    total = settings.train + settings.val + settings.test
    # the images are in place before the captions that name them
    with atomic(captions) as temporary, create_hdf5(images, {"scenes": digest(scenes)}) as file:
        shape = (total, settings.size, settings.size, 3)
        store = file.create_dataset("images", shape, "uint8", chunks=(min(CHUNK, total), *shape[1:]))
        file.create_dataset("imgid", data=np.arange(total, dtype=np.int64))
        with open(temporary, "w", encoding="utf-8") as text:
            text.write('{"dataset": "scenes", "images": [\n')
            held: list[np.ndarray] = []
            for imgid, split, index, scene in cli.progress(in_order(settings), total, "scenes"):
                held.append(render(scene, settings.size, generator(settings.seed, split, index, 1)))
                if len(held) == CHUNK or imgid == total - 1:
                    store[imgid + 1 - len(held) : imgid + 1] = np.stack(held)
                    held.clear()
                text.write(json.dumps(entry(settings, imgid, split, index, scene)))
                text.write("\n" if imgid == total - 1 else ",\n")
            text.write("]}\n")


def in_order(settings: Settings) -> Iterator[tuple[int, str, int, Scene]]:
    """Image id, split, index in the split and scene of every image."""
    imgid = 0
    for split in SPLITS:
        for index, scene in enumerate(scenes(settings, split)):
            yield imgid, split, index, scene
            imgid += 1


def entry(settings: Settings, imgid: int, split: str, index: int, scene: Scene) -> dict[str, Any]:
    """One image of the Karpathy layout, with the scene and the facts each sentence states."""
    written = captions(scene, generator(settings.seed, split, index, 2))
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


if __name__ == "__main__":
    main()
