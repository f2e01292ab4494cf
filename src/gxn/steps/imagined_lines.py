"""Measure people's captions, real images and chance in the same way as what rows imagine."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.datasets.tokens import read_tokens
from gxn.evaluation.imagination import caption_lines, judge_drawings, read_truth
from gxn.evaluation.reader import load_reader, read
from gxn.evaluation.realism import picture_features, realism
from gxn.features.store import read_features
from gxn.files import rows_of, write_json
from gxn.hdf5 import hdf5_dataset, open_hdf5, read_rows
from gxn.rewards.frequencies import read_frequencies
from gxn.training.device import choose_device


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json")
    tokens: Path = cli.option("tokens.h5")
    features: Path = cli.option("features.h5")
    frequencies: Path = cli.option("document_frequencies.h5")
    out: Path = cli.option("JSON to write")
    gan_images: Path | None = cli.option("gan_images.h5, where a row draws", None)
    reader: Path | None = cli.option(
        "reader of drawings, safetensors, where the facts of captions are known", None
    )
    weights: Path | None = cli.option(
        "the CNN's weights, where drawings are compared with real pictures", None
    )


def imagined_lines(arguments: Arguments) -> None:
    """Write the metrics of `people`, with real pictures for drawings, and of `chance`."""
    test, train = (read_tokens(arguments.tokens, split) for split in ("test", "train"))
    truth = read_truth(arguments.captions, "test")
    frequencies = read_frequencies(arguments.frequencies, test.vocabulary)
    meteor = arguments.configuration.evaluate.meteor
    people, chance, note = caption_lines(test, train, frequencies, truth, meteor)
    if note:
        cli.warn(note)
    if arguments.gan_images and arguments.reader:
        first = np.unique(test.caption_image, return_index=True)[1]
        pictures = _pictures(arguments.gan_images, test.imgid)
        reader, _ = load_reader(arguments.reader)
        people |= judge_drawings(pictures, test.sentid[first], truth, lambda each: read(reader, each))
    if arguments.gan_images and arguments.weights:
        others = _pictures(arguments.gan_images, train.imgid[: len(test.imgid)])
        found = realism(read_features(arguments.features, test.imgid), _seen(arguments, others))
        if len(others) < len(test.imgid):
            del found["frechet"]  # no floor: it is larger where pictures are fewer
        people |= found
    dataset = arguments.configuration.dataset.name
    write_json(arguments.out, {"dataset": dataset, "lines": {"people": people, "chance": chance}})
    for name, metrics in (("people", people), ("chance", chance)):
        print(name, "  ".join(f"{key} {value:.4g}" for key, value in metrics.items()))


def _pictures(path: Path, imgids: np.ndarray) -> np.ndarray:
    """Read uint8 (N, 3, S, S), the small pictures of images."""
    with open_hdf5(path) as file:
        rows = rows_of(imgids, hdf5_dataset(file, "imgid", "iu", 1)[:], path)
        return read_rows(hdf5_dataset(file, "images", "u", 4), rows, np.uint8)


def _seen(arguments: Arguments, pictures: np.ndarray) -> np.ndarray:
    """Compute the CNN's features of small pictures."""
    config = arguments.configuration
    device = choose_device(config.device, config.threads)
    return picture_features(pictures, config.cnn, arguments.weights, config.features, device)


main = cli.command(imagined_lines, Arguments)

if __name__ == "__main__":
    main()
