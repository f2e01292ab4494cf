"""Shrink all images of a dataset to the small squares that the generator learns to draw."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.datasets.captions import Record, image_ids, read_captions
from gxn.datasets.images import centre_crop, open_images, prefetch, resize_shorter
from gxn.hdf5 import create_hdf5


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json")
    images: Path = cli.option("folder of photographs, or images.h5")
    out: Path = cli.option("gan_images.h5 to write")


def gan_images(arguments: Arguments) -> None:
    """Write `out`: `images` uint8 (N, 3, size, size) and `imgid` (N,), in the order of `captions`."""
    size = arguments.configuration.dataset.gan_image_size
    records, source = read_captions(arguments.captions), open_images(arguments.images)

    def shrink(record: Record) -> np.ndarray:
        return centre_crop(resize_shorter(source.read(record), size), size).transpose(2, 0, 1)

    with create_hdf5(arguments.out, {"size": size}) as file:
        stored = file.create_dataset("images", (len(records), 3, size, size), np.uint8)
        file["imgid"] = image_ids(records)
        small = prefetch(shrink, records)
        for row, pixels in enumerate(cli.progress(small, len(records), "small images")):
            stored[row] = pixels


main = cli.command(gan_images, Arguments)

if __name__ == "__main__":
    main()
