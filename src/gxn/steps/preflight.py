"""Refuse settings that the data or the CNN do not suit, before a job takes the place of finished work."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gxn import cli
from gxn.datasets.captions import Record, read_captions
from gxn.datasets.images import ImageSource, ahead, open_images
from gxn.datasets.tokens import build_vocabulary, read_tokens
from gxn.errors import GxnError
from gxn.evaluation.galleries import misfit
from gxn.files import write_json
from gxn.training.batches import whole_batches


def preflight(check: Callable[..., dict[str, int]], out: Path, **given: Any) -> None:
    """Write `out`, what was counted, if all suits.

    Raises:
        GxnError: the first thing that does not, by key or file, as the job that it is checked for would say.
    """
    write_json(out, check(**given))


def check_batch(tokens: Path, batch: int) -> dict[str, int]:
    """Refuse a batch larger than the training split; whole batches in an epoch."""
    captions = len(read_tokens(tokens, "train").sentid)
    return {"batches": whole_batches(captions, batch, "train")}


def check_protocols(tokens: Path, protocols: Sequence[str]) -> dict[str, int]:
    """Refuse a protocol that the test split does not suit; images of that split."""
    images = len(read_tokens(tokens, "test").imgid)
    for protocol in protocols:
        if problem := misfit(protocol, images):
            raise GxnError(f"evaluate.protocols: {problem}")
    return {"images": images}


def check_vocabulary(captions: Path, minimum: int) -> dict[str, int]:
    """Refuse a frequency that no word of the training split has; words with the special ones."""
    return {"words": len(build_vocabulary(read_captions(captions), minimum))}


def check_cards(processes: int, device: str) -> dict[str, int]:
    """Refuse more processes than there are cards, where they are to compute on cards."""
    from gxn.training.device import choose_device
    from gxn.training.distributed import need_cards

    if choose_device(device, 1).type == "cuda":
        need_cards(processes)
    return {"processes": processes}


# torch only here, whose import takes most of the time of the other checks
def check_cnn(cnn: Any, device: str, threads: int) -> dict[str, int]:
    """Refuse a CNN that cannot be trained here; the number of its features."""
    from gxn.config import parse
    from gxn.features.cnn import load_cnn, need_side
    from gxn.training.cnn import CnnConfig
    from gxn.training.device import choose_device

    choose_device(device, threads)
    section = parse(CnnConfig, cnn, "cnn")
    network, width = load_cnn(section.name, section.layer, None)
    need_side(network.train(), section.pretrain.size, "cnn.pretrain.size")
    return {"features": width}


def check_features(
    cnn: Any, features: Any, captions: Path, images: Path, weights: Path, device: str, threads: int
) -> dict[str, int]:
    """Refuse weights, a layer or crops that give no features of the images; the number of features."""
    from gxn.config import parse
    from gxn.features.cnn import FixedCnn, load_cnn, need_side
    from gxn.features.extract import FeaturesConfig, extract
    from gxn.training.device import choose_device

    where = choose_device(device, threads)
    section, config = parse(FixedCnn, cnn, "cnn"), parse(FeaturesConfig, features, "features")
    network, width = load_cnn(section.name, section.layer, weights)
    need_side(network, config.crop, "features.crop")
    records, source = read_captions(captions), open_images(images)
    if config.resize is None:
        need_sizes(records, source, config)
    next(extract(network, records[:1], source, config, where, workers=1))
    return {"features": width}


def need_sizes(records: list[Record], source: ImageSource, transform: Any) -> None:
    """Refuse images that are smaller than a crop; only the beginning of each is read."""
    for record, size in zip(records, ahead(source.size, records), strict=True):
        transform.need_size(*size, f"{record.filename} (imgid {record.imgid})")


ARGUMENTS: dict[str, dict[str, Any]] = {
    "cnn": {"type": cli.json_argument, "help": "section cnn; for features its name and layer"},
    "features": {"type": cli.json_argument, "help": "section features"},
    "captions": {"type": Path, "help": "captions.json"},
    "images": {"type": Path, "help": "folder of photographs, or images.h5"},
    "weights": {"type": Path, "help": "the CNN's weights, safetensors"},
    "tokens": {"type": Path, "help": "tokens.h5"},
    "minimum": {"type": int, "help": "vocabulary.minimum"},
    "batch": {"type": int, "help": "training.batch"},
    "protocols": {"type": cli.names_argument, "help": 'such as ["full"]'},
    "processes": {"type": int, "help": "finetune.processes"},
    "device": {"help": "auto, cpu or cuda"},
    "threads": {"type": int, "help": "torch's threads on a CPU"},
    "out": {"type": Path, "help": "JSON to write"},
}
CHECKS = (
    (check_cnn, "cnn device threads"),
    (check_features, "cnn features captions images weights device threads"),
    (check_vocabulary, "captions minimum"),
    (check_batch, "tokens batch"),
    (check_protocols, "tokens protocols"),
    (check_cards, "processes device"),
)


def arguments() -> argparse.ArgumentParser:
    """A command of its own for each check, with what it reads."""
    parser = cli.parser(__doc__)
    commands = parser.add_subparsers(required=True, metavar="CHECK")
    for check, names in CHECKS:
        about = check.__doc__
        command = commands.add_parser(check.__name__.removeprefix("check_"), help=about, description=about)
        command.set_defaults(check=check)
        for name in (*names.split(), "out"):
            command.add_argument(f"--{name}", required=True, **ARGUMENTS[name])
    return parser


def main() -> None:
    cli.run(preflight, arguments())


if __name__ == "__main__":
    main()
