"""Imagine the test split with a trained row: a caption of each image, a drawing of its first caption."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.datasets.tokens import read_tokens
from gxn.evaluation.collapse import decoder_warnings, drawing_warnings, generator_warnings
from gxn.evaluation.drawn_retrieval import found_by_captions, spread
from gxn.evaluation.imagination import judge_captions, judge_drawings, read_truth
from gxn.evaluation.reader import load_reader, read
from gxn.evaluation.realism import picture_features, realism
from gxn.files import load_tensors, write_json
from gxn.hdf5 import create_hdf5
from gxn.models.encoders import GROUNDED, Encoders, encode_captions
from gxn.models.pictures import draw
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import read_frequencies
from gxn.training.captioning import greedy_captions
from gxn.training.checkpoint import read_decoder, read_drawing_networks, read_encoders
from gxn.training.data import Split, read_split
from gxn.training.device import choose_device
from gxn.training.drawing import read_gan_images

BATCH = 256
CHANCE = {name: f"{name}_chance" for name in ("fidelity", "drawn_facts", "drawn_colour", "drawn_shape")}


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    checkpoint: Path = cli.option("checkpoint of the row")
    captions: Path = cli.option("captions.json")
    features: Path = cli.option("features.h5")
    tokens: Path = cli.option("tokens.h5")
    frequencies: Path = cli.option("document_frequencies.h5")
    method: str = cli.option("row of the table")
    seed: int = cli.option("seed of the run, and of the noise that drawings start from")
    out_captions: Path = cli.option("JSON to write: captions and all metrics")
    out_drawings: Path = cli.option("HDF5 to write: drawings")
    reader: Path | None = cli.option(
        "reader of drawings, safetensors, where the facts of captions are known", None
    )
    weights: Path | None = cli.option(
        "the CNN's weights, for the distance of drawings from real pictures", None
    )
    gan_images: Path | None = cli.option("gan_images.h5, where the row draws", None)
    encoders: Path | None = cli.option("checkpoint of encoders trained without the generator, likewise", None)


def imagine(arguments: Arguments) -> None:
    """Write captions, all metrics and what has collapsed as JSON, drawings of each image's first caption as HDF5.

    A row without a path leaves that path's part out: the JSON has no `captions`, the HDF5 no `images`.
    """
    config, checkpoint, tokens = arguments.configuration, arguments.checkpoint, arguments.tokens
    device = choose_device(config.device, config.threads)
    torch.manual_seed(arguments.seed)
    encoders, metadata = read_encoders(checkpoint)
    encoders.to(device)
    modules = {name.partition(".")[0] for name in load_tensors(checkpoint)[0]}
    split, truth = (
        read_split(tokens, arguments.features, "test", device),
        read_truth(arguments.captions, "test"),
    )
    run = {"dataset": config.dataset.name, "method": arguments.method, "seed": arguments.seed}
    metrics: dict[str, float] = {}
    result: dict[str, Any] = run | {"metrics": metrics, "provenance": metadata["provenance"]}
    if "decoder" in modules:
        decoder = read_decoder(checkpoint).to(device)
        _, ids = greedy_captions(encoders, decoder, split.features, config.captioning.max_length)
        test, train = read_tokens(tokens, "test"), read_tokens(tokens, "train")
        frequencies = read_frequencies(arguments.frequencies, test.vocabulary)
        reward = CiderD(test.tokens, test.offsets, test.caption_image, frequencies)
        judged = judge_captions(ids, test, train, reward, truth, config.evaluate.meteor)
        result["captions"], of_captions, note = judged
        metrics |= of_captions
        if note:
            cli.warn(note)
    with create_hdf5(arguments.out_drawings, {"provenance": metadata["provenance"]}) as file:
        if "generator" in modules:
            first = np.unique(split.caption_image.numpy(force=True), return_index=True)[1]
            augmentation, generator = (each.to(device) for each in read_drawing_networks(checkpoint))
            grounded = _embedded(encoders, split, first)[encoders.spaces.index(GROUNDED)]
            file["images"] = images = draw(augmentation, generator, grounded, BATCH)
            file["sentid"] = split.sentid[first]
            reader = load_reader(arguments.reader)[0] if arguments.reader else None
            seen = (lambda pictures: read(reader, pictures)) if reader else None
            metrics |= judge_drawings(images, split.sentid[first], truth, seen)
            drawn = None
            if arguments.weights:
                drawn = picture_features(images, config.cnn, arguments.weights, config.features, device)
                metrics |= realism(split.features.numpy(force=True), drawn)
            if arguments.gan_images:
                metrics |= _judge_by_encoders(arguments, images, drawn, split, first)
    result["warnings"] = []
    if not config.rows[arguments.method].shuffled:  # a control, whose imagination is to be wrong
        found = [*decoder_warnings(metrics), *generator_warnings(metrics, CHANCE)]
        found += drawing_warnings(metrics, len(split.imgid))
        result["warnings"] = [*metadata.get("warnings", []), *found]
    write_json(arguments.out_captions, result)
    for warning in result["warnings"]:
        cli.warn(f"{arguments.method}, seed {arguments.seed}: {warning}; train it longer or on more data")
    print("  ".join(f"{name} {value:.4g}" for name, value in metrics.items()))


def _embedded(encoders: Encoders, split: Split, captions: np.ndarray) -> list[Tensor]:
    """Embeddings (N, J), by space, of captions, int64 (N,) rows of the split."""
    rows = torch.from_numpy(captions)
    return encode_captions(encoders, split.tokens[rows.to(split.tokens.device)], split.lengths[rows], BATCH)


def _judge_by_encoders(
    arguments: Arguments, images: np.ndarray, drawn: np.ndarray | None, split: Split, captions: np.ndarray
) -> dict[str, float]:
    """Measures that need no facts, of drawings uint8 (N, 3, S, S) and, with a CNN, their features (N, F)."""
    config, real = arguments.configuration, read_gan_images(arguments.gan_images, split).numpy(force=True)
    metrics = {"spread": spread(images, real)}
    if drawn is not None and arguments.encoders is not None:
        device = split.features.device
        encoders = read_encoders(arguments.encoders)[0].to(device)
        true = picture_features(real, config.cnn, arguments.weights, config.features, device)
        metrics |= found_by_captions(drawn, true, _embedded(encoders, split, captions), encoders)
    return metrics


main = cli.command(imagine, Arguments)

if __name__ == "__main__":
    main()
