"""Write a made-up dataset of features and captions of any size, and the configuration that reads it.

`uv run python -m benchmarks.made_up FOLDER --train 82783 --val 5000 --test 5000`. Captions have COCO's word
frequencies; features, float16 (N, 2048) in an .npy file, are noise: a run shows times and memory, not recalls.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import yaml
from benchmarks.data import PER_IMAGE, made

from gxn.configuration.files import load

ROWS = 4096  # of features written at once


def write(folder: Path, name: str, splits: dict[str, int], width: int, words: int) -> Path:
    """Write captions, features and configuration, and return the configuration's path.

    Args:
        folder: to write into; it is made.
        name: of the dataset.
        splits: number of images of each.
        width: numbers per image.
        words: size of the vocabulary.
    """
    folder.mkdir(parents=True, exist_ok=True)
    total = sum(splits.values())
    sentences = made(total, words, 1).sentences
    of_image = [split for split, count in splits.items() for _ in range(count)]
    images = [
        {
            "imgid": image,
            "filename": f"{image}.jpg",
            "split": split,
            "sentences": [
                {"sentid": at, "imgid": image, "raw": sentences[at], "tokens": sentences[at].split()}
                for at in range(PER_IMAGE * image, PER_IMAGE * (image + 1))
            ],
        }
        for image, split in enumerate(of_image)
    ]
    captions, features = folder / "captions.json", folder / "features.npy"
    captions.write_text(json.dumps({"dataset": name, "images": images}), encoding="utf-8")
    table = np.lib.format.open_memmap(features, "w+", np.float16, (total, width))
    rng = np.random.default_rng(0)
    for begin in range(0, total, ROWS):
        rows = table[begin : begin + ROWS]
        rows[:] = np.abs(rng.standard_normal(rows.shape, np.float32))
    table.flush()
    features.with_suffix(".txt").write_text("".join(f"{image}.jpg\n" for image in range(total)), "utf-8")
    source = {"kind": "images", "images": None, "captions": str(captions), "expected_counts": None}
    drawing = {row: None for row, each in load(["params.yaml"]).rows.items() if each.drawing}
    own = {"dataset": {"name": name, "source": source}, "features": {"file": str(features)}}
    own["methods"] = drawing  # which need photographs
    path = folder / "made_up.yaml"
    path.write_text(yaml.safe_dump(own), encoding="utf-8")
    return path


def main() -> None:
    """Write and print the path of the configuration."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", default="made_up")
    for split, count in (("train", 6000), ("val", 1000), ("test", 1000)):
        parser.add_argument(f"--{split}", type=int, default=count)
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--words", type=int, default=8000)
    arguments = parser.parse_args()
    splits = {split: getattr(arguments, split) for split in ("train", "val", "test")}
    print(write(arguments.folder, arguments.name, splits, arguments.width, arguments.words))


if __name__ == "__main__":
    main()
