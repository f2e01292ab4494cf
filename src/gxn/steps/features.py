"""Compute the features of a dataset's images with a fixed CNN.

After a kill, the same command continues after the last finished batch.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from gxn import cli, code
from gxn.configuration.arguments import Configured
from gxn.datasets.captions import SPLITS, image_ids, read_captions
from gxn.datasets.images import open_images
from gxn.features.cnn import MEAN, STD, load_cnn
from gxn.features.extract import extract
from gxn.features.transforms import describe, images_per_batch
from gxn.features.writer import ResumableFeatureWriter
from gxn.files import digest, sha256
from gxn.hdf5 import create_hdf5
from gxn.processors import available_cpus
from gxn.training.device import choose_device


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json")
    images: Path = cli.option("folder of photographs, or images.h5")
    weights: Path = cli.option("the CNN's weights, safetensors")
    resume: Path = cli.option("folder for unfinished work")
    out: Path = cli.option("features.h5 to write")
    split: str | None = cli.option(f"features of this split only: {', '.join(SPLITS)}", None)


def features(arguments: Arguments) -> None:
    """Write `out`: `features` (N, D) and `imgid` (N,), in the order of `captions`; of one split, or of all."""
    config = arguments.configuration
    cnn, settings = config.cnn, config.features
    device = choose_device(config.device, config.threads)
    records = [each for each in read_captions(arguments.captions) if arguments.split in (None, each.split)]
    source = open_images(arguments.images)
    network, width = load_cnn(cnn.name, cnn.layer, arguments.weights)
    about = {
        "cnn": cnn.name,
        "layer": cnn.layer,
        "weights": sha256(arguments.weights),
        "transform": describe(settings) | {"mean": MEAN, "std": STD},
        "compute_dtype": settings.compute_dtype,
        "storage_dtype": settings.storage_dtype,
    }
    machine = {"batch_size": settings.batch_size, "device": device.type, "threads": config.threads}
    named = [[record.filename, record.imgid, record.truncated] for record in records]
    fingerprint = digest(
        [named, source.identity(records), about, machine, code.digest(__spec__.name), torch.__version__]
    )
    writer = ResumableFeatureWriter(arguments.resume, fingerprint, width, np.dtype(settings.storage_dtype))
    step = images_per_batch(settings)
    done = writer.begin(step, len(records))
    if done:
        print(f"resumed after image {done} of {len(records)}", flush=True)
    batches = extract(network, records[done:], source, settings, device, available_cpus())
    for batch in cli.progress(batches, -(-(len(records) - done) // step), "batches of features"):
        writer.append(batch)
    with create_hdf5(arguments.out, about) as file:
        stored = file.create_dataset("features", (len(records), width), settings.storage_dtype)
        file["imgid"] = image_ids(records)
        start = 0
        for block in writer.blocks(step):
            stored[start : start + len(block)] = block
            start += len(block)
    writer.remove()


main = cli.command(features, Arguments)

if __name__ == "__main__":
    main()
