"""Imagine the test split with a trained row: a caption of each image, a drawing of its first caption."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.datasets.tokens import Captions, read_tokens
from gxn.datasets.words import SPECIAL
from gxn.evaluation.captioning import caption_metrics
from gxn.evaluation.fidelity import colour_fidelity
from gxn.files import create_hdf5, load_tensors, read_json, write_json
from gxn.models.encoders import GROUNDED, Encoders, encode_captions
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import read_frequencies
from gxn.training.captioning import greedy_captions
from gxn.training.checkpoint import read_decoder, read_drawing_networks, read_encoders
from gxn.training.data import Split, read_split
from gxn.training.device import choose_device

BATCH = 256
OTHERS = 16  # images besides its own that a caption is held against, at most


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


def imagine(arguments: Arguments) -> None:
    """Write captions and their metrics as JSON, drawings of each image's first caption as HDF5.

    A row without a path leaves that path's part out: the JSON has no `captions`, the HDF5 no `images`.
    """
    config, checkpoint, tokens = arguments.configuration, arguments.checkpoint, arguments.tokens
    device = choose_device(config.device, config.threads)
    torch.manual_seed(arguments.seed)
    encoders, metadata = read_encoders(checkpoint)
    encoders.to(device)
    modules = {name.partition(".")[0] for name in load_tensors(checkpoint)[0]}
    split, words = read_split(tokens, arguments.features, "test", device), read_tokens(tokens, "test")
    run = {"dataset": config.dataset.name, "method": arguments.method, "seed": arguments.seed}
    metrics: dict[str, float] = {}
    result: dict[str, Any] = run | {"metrics": metrics, "provenance": metadata["provenance"]}
    if "decoder" in modules:
        decoder = read_decoder(checkpoint).to(device)
        _, ids = greedy_captions(encoders, decoder, split.features, config.captioning.max_length)
        frequencies = read_frequencies(arguments.frequencies, words.vocabulary)
        reward = CiderD(words.tokens, words.offsets, words.caption_image, frequencies)
        result["captions"], of_captions = _judge_captions(ids, words, reward)
        metrics |= of_captions
    with create_hdf5(arguments.out_drawings, {"provenance": metadata["provenance"]}) as file:
        if "generator" in modules:
            first = np.unique(words.caption_image, return_index=True)[1]
            file["images"] = images = _draw(checkpoint, encoders, split, first, device)
            file["sentid"] = split.sentid[first]
            metrics |= _judge_drawings(images, arguments.captions, split.sentid[first])
    write_json(arguments.out_captions, result)
    print("  ".join(f"{name} {value:.4g}" for name, value in metrics.items()))


def _judge_captions(
    ids: np.ndarray, truth: Captions, reward: CiderD
) -> tuple[dict[str, str], dict[str, float]]:
    """Captions as text by image id, and their metrics; `ids` int64 (N, T)."""
    spoken = [[truth.words[each] for each in row if each >= len(SPECIAL)] for row in ids]
    references: dict[int, list[list[str]]] = {int(image): [] for image in truth.imgid}
    for caption, image in enumerate(truth.caption_image):
        span = truth.tokens[truth.offsets[caption] : truth.offsets[caption + 1]]
        references[int(truth.imgid[image])].append([truth.words[each] for each in span])
    by_image = dict(zip(map(int, truth.imgid), spoken, strict=True))
    metrics = caption_metrics(by_image, references)
    images = np.arange(len(ids))
    metrics["cider_d"] = float(reward.score(images, ids).mean())
    if len(shifts := others(len(ids))):
        chance = [reward.score(np.roll(images, shift), ids).mean() for shift in shifts]
        metrics["cider_d_chance"] = float(np.mean(chance))
    metrics["distinct"] = 100 * len({tuple(row) for row in ids.tolist()}) / len(ids)
    return {str(image): " ".join(words) for image, words in by_image.items()}, metrics


def others(images: int) -> np.ndarray:
    """Shifts (S,) by which every image meets others; evenly spread, as neighbours may be alike."""
    shifts = np.unique(np.arange(1, OTHERS + 1) * images // (OTHERS + 1))
    return shifts[shifts > 0]


@torch.no_grad()
def _draw(
    checkpoint: Path, encoders: Encoders, split: Split, captions: np.ndarray, device: torch.device
) -> np.ndarray:
    """uint8 (N, 3, S, S), one drawing of each of the captions, int64 (N,) rows of the split."""
    augmentation, generator = read_drawing_networks(checkpoint)
    augmentation.to(device), generator.to(device)
    space, rows = encoders.spaces.index(GROUNDED), torch.from_numpy(captions)
    grounded = encode_captions(encoders, split.tokens[rows.to(device)], split.lengths[rows], BATCH)[space]
    drawings: list[Tensor] = []
    for part in grounded.split(BATCH):
        images = generator(augmentation(part)[1])  # the mean condition: the picture of the caption itself
        drawings.append(((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8))
    return torch.cat(drawings).numpy(force=True)


def _judge_drawings(images: np.ndarray, captions: Path, sentid: np.ndarray) -> dict[str, float]:
    """How far the drawings follow their captions' colours, where the dataset knows what its captions state."""
    mentions = {
        sentence["sentid"]: sentence["mentions"]
        for image in read_json(captions)["images"]
        for sentence in image["sentences"]
        if "mentions" in sentence
    }
    if not mentions:
        return {}
    found = colour_fidelity(images, [mentions[sentid] for sentid in sentid.tolist()])
    return {
        "fidelity": found.score,
        "fidelity_chance": found.chance,
        "fidelity_gain": found.gain,
        "fidelity_z": found.z,
    }


main = cli.command(imagine, Arguments)

if __name__ == "__main__":
    main()
