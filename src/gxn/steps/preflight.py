"""Refuse settings that the data or the CNN do not suit, before a job takes the place of finished work.

One of five settings is checked. `--cnn` alone: that it can be trained here; with `--weights`, that these, the
layer and the crops of `--features` give features of the images. `--minimum`: that a word of `--captions` is so
frequent. `--batch` or `--protocols`: that the splits of `--tokens` are large enough. `--processes`: that each has
a card, unless they compute on the CPU.
"""

from collections.abc import Sequence
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


def preflight(out: Path, **given: Any) -> None:
    """Write `out`, what was counted, if all suits.

    Raises:
        GxnError: the first thing that does not, by key or file, as the job that it is checked for would say.
    """
    if given["minimum"] is not None:
        need(given, "captions")
        found = check_vocabulary(given["captions"], given["minimum"])
    elif given["batch"] is not None:
        need(given, "tokens")
        found = check_batch(given["tokens"], given["batch"])
    elif given["protocols"] is not None:
        need(given, "tokens")
        found = check_protocols(given["tokens"], given["protocols"])
    elif given["processes"] is not None:
        found = check_cards(given["processes"], given["device"])
    else:
        if given["weights"] is not None:
            need(given, "features", "captions", "images")
        names = ("cnn", "features", "captions", "images", "weights", "device", "threads")
        found = check_cnn(**{name: given[name] for name in names})
    write_json(out, found)


def need(given: dict[str, Any], *names: str) -> None:
    """Refuse a check without the files or settings that it reads.

    Raises:
        GxnError: names those that are not given.
    """
    if missing := [f"--{name}" for name in names if given[name] is None]:
        raise GxnError(f"preflight: this check needs {', '.join(missing)} too")


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


def check_cnn(
    cnn: Any,
    features: Any,
    captions: Path | None,
    images: Path | None,
    weights: Path | None,
    device: str,
    threads: int,
) -> dict[str, int]:
    """Refuse what would give no features, or a CNN that cannot be trained here; the number of features."""
    # here, as most checks need no torch, whose import takes most of the time
    from gxn.config import parse
    from gxn.features.cnn import FixedCnn, load_cnn, need_side
    from gxn.features.extract import FeaturesConfig, extract
    from gxn.steps.train_cnn import CnnConfig
    from gxn.training.device import choose_device

    where = choose_device(device, threads)
    section = parse(CnnConfig if weights is None else FixedCnn, cnn, "cnn")
    network, width = load_cnn(section.name, section.layer, weights)
    if weights is None:
        need_side(network.train(), section.pretrain.size, "cnn.pretrain.size")
        return {"features": width}
    config = parse(FeaturesConfig, features, "features")
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


def main() -> None:
    parser = cli.parser(__doc__)
    checked = parser.add_mutually_exclusive_group(required=True)
    checked.add_argument(
        "--cnn", type=cli.json_argument, help="section cnn; with --weights its name and layer"
    )
    checked.add_argument("--minimum", type=int, help="vocabulary.minimum")
    checked.add_argument("--batch", type=int, help="training.batch")
    checked.add_argument("--protocols", type=cli.json_argument, help='such as ["full"]')
    checked.add_argument("--processes", type=int, help="finetune.processes")
    parser.add_argument("--features", type=cli.json_argument, help="section features")
    parser.add_argument("--captions", type=Path, help="captions.json")
    parser.add_argument("--images", type=Path, help="folder of photographs, or images.h5")
    parser.add_argument("--weights", type=Path, help="the CNN's weights, safetensors")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int, default=1, help="torch's threads on a CPU")
    parser.add_argument("--tokens", type=Path, help="tokens.h5")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")
    cli.run(preflight, parser)


if __name__ == "__main__":
    main()
