"""Refuse settings that do not suit the data or the CNN, before a job replaces finished results."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.configuration.features import Features
from gxn.datasets.captions import Record, read_captions
from gxn.datasets.images import ImageSource, open_images, prefetch
from gxn.datasets.tokenisers import propose
from gxn.datasets.tokens import build_vocabulary, read_tokens
from gxn.errors import GxnError
from gxn.evaluation.protocol_sizes import protocol_error
from gxn.files import write_json
from gxn.training.batches import whole_batches

# torch is imported where it is needed: its import takes most of the time of the other checks


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step; a check needs the files that it reads."""

    check: Literal["vocabulary", "cnn", "features", "batch", "protocols", "cards", "networks"] = cli.option(
        "what to check"
    )
    out: Path = cli.option("JSON to write: what was counted")
    captions: Path | None = cli.option("captions.json, for vocabulary and features", None)
    tokens: Path | None = cli.option("tokens.h5, for batch and protocols", None)
    images: Path | None = cli.option("folder of photographs, or images.h5, for features", None)
    weights: Path | None = cli.option("the CNN's weights, for features", None)


def preflight(arguments: Arguments) -> None:
    """Write `out` if the check passes.

    Raises:
        GxnError: names the key or file of the first problem, in the words of the job that would fail by it.
    """
    write_json(arguments.out, CHECKS[arguments.check](arguments))


def check_batch(arguments: Arguments) -> dict[str, int]:
    """Refuse a batch larger than the training split; count the batches of an epoch."""
    captions = len(read_tokens(arguments.tokens, "train").sentid)
    return {"batches": whole_batches(captions, arguments.configuration.training.batch_size, "train")}


def check_protocols(arguments: Arguments) -> dict[str, int]:
    """Refuse a protocol that the test split does not suit; count the images of that split."""
    images = len(read_tokens(arguments.tokens, "test").imgid)
    for protocol in arguments.configuration.evaluate.protocols:
        if problem := protocol_error(protocol, images):
            raise GxnError(f"evaluate.protocols: {problem}")
    return {"images": images}


def check_vocabulary(arguments: Arguments) -> dict[str, int]:
    """Refuse captions without spaces, if tokens are words, or a min_count that no word reaches; count words."""
    records = read_captions(arguments.captions)
    captions = [" ".join(sentence.tokens) for record in records for sentence in record.sentences]
    if propose(captions) == "characters":
        raise GxnError(
            "vocabulary.tokeniser: most captions have no spaces between words, so that each would be one "
            f"word, such as {records[0].sentences[0].tokens[0]!r}; set it to characters"
        )
    return {"words": len(build_vocabulary(records, arguments.configuration.vocabulary.min_count))}


def check_cards(arguments: Arguments) -> dict[str, int]:
    """Refuse more processes than there are cards, where they are to compute on cards."""
    from gxn.training.device import choose_device
    from gxn.training.distributed import check_cards

    config = arguments.configuration
    if choose_device(config.device, 1).type == "cuda":
        check_cards(config.finetune.processes)
    return {"processes": config.finetune.processes}


def check_networks(arguments: Arguments) -> dict[str, int]:
    """Refuse widths whose networks are larger than the memory; count the bytes of the largest row's."""
    from gxn.estimation import networks
    from gxn.training.device import choose_device

    config = arguments.configuration
    return networks.check_networks(config, choose_device(config.device, config.threads))


def check_cnn(arguments: Arguments) -> dict[str, int]:
    """Refuse a CNN that cannot be trained here; count its features."""
    from gxn.features.cnn import check_side, load_cnn
    from gxn.training.device import choose_device

    config = arguments.configuration
    choose_device(config.device, config.threads)
    network, width = load_cnn(config.cnn.name, config.cnn.layer, None)
    check_side(network.train(), config.cnn.pretrain.size, "cnn.pretrain.size")
    return {"features": width}


def check_features(arguments: Arguments) -> dict[str, int]:
    """Refuse weights, a layer or crops that give no features of the images; count the features."""
    from gxn.features.cnn import check_side, load_cnn
    from gxn.features.extract import extract
    from gxn.training.device import choose_device

    config, settings = arguments.configuration, arguments.configuration.features
    device = choose_device(config.device, config.threads)
    network, width = load_cnn(config.cnn.name, config.cnn.layer, arguments.weights)
    check_side(network, settings.crop, "features.crop")
    records, source = read_captions(arguments.captions), open_images(arguments.images)
    if settings.resize is None:
        check_sizes(records, source, settings)
    next(extract(network, records[:1], source, settings, device, workers=1))
    return {"features": width}


def check_sizes(records: list[Record], source: ImageSource, settings: Features) -> None:
    """Refuse images that are smaller than a crop; only the beginning of each is read.

    Raises:
        GxnError: names the first of them.
    """
    from gxn.features.transforms import check_size

    for record, size in zip(records, prefetch(source.size, records), strict=True):
        check_size(*size, settings, f"{record.filename} (imgid {record.imgid})")


CHECKS: dict[str, Callable[[Arguments], dict[str, int]]] = {
    "vocabulary": check_vocabulary,
    "cnn": check_cnn,
    "features": check_features,
    "batch": check_batch,
    "protocols": check_protocols,
    "cards": check_cards,
    "networks": check_networks,
}

main = cli.command(preflight, Arguments)

if __name__ == "__main__":
    main()
