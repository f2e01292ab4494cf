"""Train the reader of drawings on rendered scenes of no split, and check it on real test pictures.

The step fails if the reader does not read real pictures well enough to judge drawings (min_accuracy).
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.datasets.captions import read_captions
from gxn.evaluation.drawn_facts import need_accuracy, reader_accuracy
from gxn.evaluation.imagination import read_truth
from gxn.evaluation.reader import read, save_reader
from gxn.evaluation.reader_training import train_reader as train
from gxn.files import rows_of
from gxn.hdf5 import hdf5_dataset, open_hdf5, read_rows
from gxn.training.device import choose_device


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json")
    gan_images: Path = cli.option("gan_images.h5")
    out: Path = cli.option("safetensors file to write")


def train_reader(arguments: Arguments) -> None:
    """Write the reader's weights, with its accuracy by kind."""
    config, settings = arguments.configuration, arguments.configuration.evaluate.reader
    device = choose_device(config.device, config.threads)
    size = max(config.dataset.source.image_side(), config.dataset.gan_image_size)
    reader, held_out = train(settings.seed, settings.images, settings.steps, size, device)
    scenes = read_truth(arguments.captions, "test").scenes
    test = [each for each in read_captions(arguments.captions) if each.split == "test"]
    with open_hdf5(arguments.gan_images) as file:
        rows = rows_of(
            np.array([each.imgid for each in test]),
            hdf5_dataset(file, "imgid", "iu", 1)[:],
            arguments.gan_images,
        )
        pictures = read_rows(hdf5_dataset(file, "images", "u", 4), rows, np.uint8)
    accuracy = reader_accuracy(read(reader, pictures), [scenes[each.imgid] for each in test])
    for name, values in (("held-out scenes", held_out), ("real test pictures", accuracy)):
        kinds = "  ".join(f"{kind} {value:.3f}" for kind, value in asdict(values).items())
        print(f"{name}: mean {values.mean:.3f}  {kinds}", flush=True)
    need_accuracy(accuracy, settings.min_accuracy)
    save_reader(arguments.out, reader, {"accuracy": asdict(accuracy)})


main = cli.command(train_reader, Arguments)

if __name__ == "__main__":
    main()
