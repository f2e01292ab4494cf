"""Small captions files in the layout of the Karpathy splits, and pictures for them."""

from pathlib import Path

import numpy as np
from PIL import Image


def dataset(splits: tuple[str, ...] = ("train", "restval", "val", "test"), captions: int = 2) -> dict:
    """A Karpathy JSON with an image in each of `splits`."""
    images = []
    for row, split in enumerate(splits):
        sentids = [row * 10 + number for number in range(captions)]
        sentences = [
            {"raw": f"A dog, number {sentid}.", "tokens": ["a", "dog"], "imgid": row, "sentid": sentid}
            for sentid in sentids
        ]
        image = {"filename": f"{row}.png", "imgid": row, "split": split, "sentids": sentids}
        images.append(image | {"sentences": sentences})
    return {"dataset": "toy", "images": images}


def save_images(value: dict, folder: Path) -> Path:
    """Write a picture for every image of `value` into a folder, and return it."""
    generator = np.random.default_rng(0)
    for image in value["images"]:
        path = folder / image["filename"]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(path)
    return folder
