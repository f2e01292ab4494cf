"""What a trained row imagines of the test split: a caption of each image, a picture of its first caption."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gxn.cli import parser, run
from gxn.datasets.tokens import Captions, read_tokens
from gxn.datasets.words import SPECIAL
from gxn.evaluation.captioning import caption_metrics
from gxn.evaluation.fidelity import colour_fidelity
from gxn.files import create_hdf5, load_tensors, read_json, write_json
from gxn.models.encoders import GROUNDED, Encoders, encode_captions
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import read_frequencies
from gxn.training.captioning import greedy_captions
from gxn.training.checkpoint import read_decoder, read_drawer, read_encoders
from gxn.training.data import Split, read_split
from gxn.training.device import choose_device

BATCH = 256
OTHERS = 16  # images besides its own that a caption is held against, at most


def imagine(
    checkpoint: Path,
    captions: Path,
    features: Path,
    tokens: Path,
    frequencies: Path,
    dataset: str,
    method: str,
    longest: int,
    seed: int,
    threads: int,
    device: str,
    said: Path,
    drawn: Path,
) -> None:
    """Write captions and their metrics as JSON, drawings of each image's first caption as HDF5.

    A row without a path leaves that path's part out: the JSON has no `captions`, the HDF5 no `images`.
    """
    where = choose_device(device, threads)
    torch.manual_seed(seed)
    encoders, metadata = read_encoders(checkpoint)
    encoders.to(where)
    modules = {name.partition(".")[0] for name in load_tensors(checkpoint)[0]}
    split, words = read_split(tokens, features, "test", where), read_tokens(tokens, "test")
    found: dict[str, Any] = {"dataset": dataset, "method": method, "seed": seed, "metrics": {}}
    found["provenance"] = metadata["provenance"]
    if "decoder" in modules:
        decoder = read_decoder(checkpoint).to(where)
        _, ids = greedy_captions(encoders, decoder, split.features, longest)
        reward = CiderD(
            words.tokens, words.offsets, words.caption_image, read_frequencies(frequencies, words.vocabulary)
        )
        found["captions"], metrics = _judge_captions(ids, words, reward)
        found["metrics"] |= metrics
    with create_hdf5(drawn, {"provenance": metadata["provenance"]}) as file:
        if "generator" in modules:
            first = np.unique(words.caption_image, return_index=True)[1]
            file["images"] = images = _draw(checkpoint, encoders, split, first, where)
            file["sentid"] = split.sentid[first]
            found["metrics"] |= _judge_drawings(images, captions, split.sentid[first])
    write_json(said, found)
    print("  ".join(f"{name} {value:.4g}" for name, value in found["metrics"].items()))


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
    augmentation, generator = read_drawer(checkpoint)
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


def main() -> None:
    arguments = parser(__doc__)
    for name in ("checkpoint", "captions", "features", "tokens", "frequencies", "said", "drawn"):
        arguments.add_argument(f"--{name}", type=Path, required=True)
    for name in ("dataset", "method", "device"):
        arguments.add_argument(f"--{name}", required=True)
    for name in ("longest", "seed", "threads"):
        arguments.add_argument(f"--{name}", type=int, required=True)
    run(imagine, arguments)


if __name__ == "__main__":
    main()
