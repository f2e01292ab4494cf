"""Shrink all images of a dataset to the small squares that the generator learns to draw."""

import argparse
from pathlib import Path

import numpy as np

from gxn import cli
from gxn.datasets.captions import Record, image_ids, read_captions
from gxn.datasets.images import ahead, centre_crop, open_images, resize_shorter
from gxn.files import create_hdf5


def thumbnails(captions: Path, images: Path, size: int, out: Path) -> None:
    """Write `out`: `images` uint8 (N, 3, size, size) and `imgid` (N,), in the order of `captions`."""
    records, source = read_captions(captions), open_images(images)

    def shrink(record: Record) -> np.ndarray:
        return centre_crop(resize_shorter(source.read(record), size), size).transpose(2, 0, 1)

    with create_hdf5(out, {"size": size}) as file:
        stored = file.create_dataset("images", (len(records), 3, size, size), np.uint8)
        file["imgid"] = image_ids(records)
        small = ahead(shrink, records)
        for row, pixels in enumerate(cli.progress(small, len(records), "thumbnails")):
            stored[row] = pixels


def pixels(text: str) -> int:
    """Type of the argument `--size`."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of pixels from 1, not {text!r}")
    return int(text)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--captions", type=Path, required=True, help="captions.json")
    parser.add_argument("--images", type=Path, required=True, help="folder of photographs, or images.h5")
    parser.add_argument("--size", type=pixels, required=True, help="side of a thumbnail, pixels")
    parser.add_argument("--out", type=Path, required=True, help="thumbnails.h5 to write")
    cli.run(thumbnails, parser)


if __name__ == "__main__":
    main()
