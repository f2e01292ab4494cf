"""Compute the features of a dataset's images with a fixed CNN.

A run that is killed goes on, when called again, after the last batch it finished.
"""

from pathlib import Path
from typing import Any

import numpy as np

from gxn import cli
from gxn.config import parse
from gxn.datasets.captions import SPLITS, image_ids, read_captions
from gxn.datasets.images import open_images
from gxn.features.cnn import MEAN, STD, FixedCnn, load_cnn
from gxn.features.extract import FeaturesConfig, Rows, extract, fingerprint
from gxn.files import create_hdf5, sha256
from gxn.processors import at_hand
from gxn.training.device import choose_device


def features(
    captions: Path,
    images: Path,
    cnn: Any,
    weights: Path,
    features: Any,
    split: str | None,
    device: str,
    threads: int,
    resume: Path,
    out: Path,
) -> None:
    """Write `out`: `features` (N, D) and `imgid` (N,), in the order of `captions`; of one split, or of all."""
    where = choose_device(device, threads)
    fixed = parse(FixedCnn, cnn, "cnn")
    config = parse(FeaturesConfig, features, "features")
    records = [each for each in read_captions(captions) if split in (None, each.split)]
    source = open_images(images)
    network, width = load_cnn(fixed.name, fixed.layer, weights)
    recipe = {
        "cnn": fixed.name,
        "layer": fixed.layer,
        "weights": sha256(weights),
        "transform": config.describe() | {"mean": MEAN, "std": STD},
        "arithmetic": config.arithmetic,
        "precision": config.precision,
    }
    machine = {"batch": config.batch, "device": where.type, "threads": threads, "width": width}
    rows = Rows(resume, fingerprint(records, source, recipe | machine), width, np.dtype(config.precision))
    done = rows.begin(config.step, len(records))
    if done:
        print(f"resumed after image {done} of {len(records)}", flush=True)
    batches = extract(network, records[done:], source, config, where, at_hand())
    for batch in cli.progress(batches, -(-(len(records) - done) // config.step), "batches of features"):
        rows.append(batch)
    with create_hdf5(out, recipe) as file:
        stored = file.create_dataset("features", (len(records), width), config.precision)
        file["imgid"] = image_ids(records)
        start = 0
        for block in rows.blocks(config.step):
            stored[start : start + len(block)] = block
            start += len(block)
    rows.remove()


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--captions", type=Path, required=True, help="captions.json")
    parser.add_argument("--images", type=Path, required=True, help="folder of photographs, or images.h5")
    parser.add_argument("--cnn", type=cli.json_argument, required=True, help="section cnn: name, layer")
    parser.add_argument("--weights", type=Path, required=True, help="the CNN's weights, safetensors")
    parser.add_argument("--features", type=cli.json_argument, required=True, help="section features")
    parser.add_argument("--split", choices=SPLITS, help="of these images only")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], required=True)
    parser.add_argument("--threads", type=int, required=True, help="torch's threads on a CPU")
    parser.add_argument("--resume", type=Path, required=True, help="folder for half-done work")
    parser.add_argument("--out", type=Path, required=True, help="features.h5 to write")
    cli.run(features, parser)


if __name__ == "__main__":
    main()
