"""How long one update of each kind takes here, and how much memory: measured on made-up batches."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from gxn import sections
from gxn.config import parse
from gxn.datasets.tokens import Captions
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import EncoderConfig, Encoders, EncoderSizes
from gxn.models.widths import ModelConfig
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import build_frequencies
from gxn.training.captioning import Captioning, CaptioningConfig
from gxn.training.data import Batch
from gxn.training.drawing import Drawing, DrawingConfig, build_drawer
from gxn.training.matching import Matching, MatchingConfig
from gxn.training.paths import TrainingPath

REPEATS = 4
PATIENCE = 5.0  # seconds
RATES = {"learning_rate": 1e-4, "grounding_rate": 1e-4, "decay_epoch": None}  # any will do
# as in COCO and Flickr: 11 words on average, the longest of a batch about twice that
SHORTEST, LONGEST = 6, 22


@dataclass(frozen=True)
class Rate:
    """One update: seconds; bytes of weights, gradients, Adam's moments and, on a GPU, activations."""

    seconds: float
    memory: int


def update_rates(
    config: Mapping[str, Any], encoder: str, features: int, words: int, device: torch.device
) -> dict[str, Rate]:
    """Rates of the updates `match`, `xe`, `mix` and `draw` with the configured sizes.

    Args:
        config: the whole configuration.
        encoder: name of the encoders' section.
        features: numbers per image.
        words: size of the vocabulary.
    """
    batch, captions = made_up(config["training"]["batch"], features, words, device)
    section = parse(EncoderConfig, sections.encoder(config, encoder), "encoders")
    model = parse(ModelConfig, config["model"], "model")
    encoders = Encoders(section, EncoderSizes.of(model, features, words)).to(device)
    matching = Matching(encoders, MatchingConfig("sum", 1e-4, None, config["joint"]["clip"]))
    rates = {"match": _rate(matching, batch, config)}
    if "grounded" in section.spaces:
        decoder = CaptionDecoder.of(model, words).to(device)
        reward = CiderD(
            captions.tokens, captions.offsets, captions.caption_image, build_frequencies(captions)
        )
        for name, gamma in (("xe", 0.0), ("mix", config["captioning"]["gamma"])):
            changes = RATES | {"gamma": gamma, "earlier": 0}
            changes["critical_every"] = 1
            settings = parse(CaptioningConfig, config["captioning"] | changes, "captioning")
            rates[name] = _rate(Captioning(encoders, decoder, settings, reward, reward), batch, config)
        share = 1 / config["captioning"]["critical_every"]
        mixed = rates["xe"].seconds + share * (rates["mix"].seconds - rates["xe"].seconds)
        rates["mix"] = replace(rates["mix"], seconds=mixed)
        rates["draw"] = _rate(_drawing(config, model, encoders, batch), batch, config)
    return rates


def made_up(size: int, features: int, words: int, device: torch.device) -> tuple[Batch, Captions]:
    """A batch of random pairs, and the same as a split of one caption per image."""
    generator = np.random.default_rng(0)
    lengths = np.linspace(LONGEST, SHORTEST, size).astype(np.int64)
    filled = np.arange(LONGEST) < lengths[:, None]
    tokens = np.where(filled, generator.integers(3, words, (size, LONGEST)), 0)
    rows = np.arange(size)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    captions = Captions(tokens[filled].astype(np.int32), offsets, rows, rows, rows, (), "")
    batch = Batch(
        caption=torch.from_numpy(rows),
        image=torch.from_numpy(rows).to(device),
        features=torch.from_numpy(generator.random((size, features), np.float32)).to(device),
        tokens=torch.from_numpy(tokens).to(device),
        lengths=torch.from_numpy(lengths),
    )
    return batch, captions


def _drawing(config: Mapping[str, Any], model: ModelConfig, encoders: Encoders, batch: Batch) -> TrainingPath:
    side, device = config["dataset"]["thumbnail"], batch.features.device
    networks = build_drawer(model, side, device)
    settings = parse(DrawingConfig, config["drawing"] | RATES, "drawing")
    thumbnails = torch.zeros((len(batch.image), 3, side, side), dtype=torch.uint8, device=device)
    return Drawing(encoders, **networks, config=settings, thumbnails=thumbnails)


def _rate(path: TrainingPath, batch: Batch, config: Mapping[str, Any]) -> Rate:
    """The quickest of a few updates; other work on the machine only slows it."""
    cuda = batch.features.is_cuda
    if cuda:
        torch.cuda.reset_peak_memory_stats()

    def update() -> None:
        precision = config["training"]["precision"]
        with torch.autocast(batch.features.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            path.step(batch)
        if cuda:
            torch.cuda.synchronize()

    path.start_epoch(0)
    seconds = quickest(update)
    weights = sum(each.numel() for module in path.modules.values() for each in module.parameters())
    return Rate(seconds, torch.cuda.max_memory_allocated() if cuda else 16 * weights)


def quickest(call: Callable[[], None]) -> float:
    """Seconds of the quickest of a few calls; of fewer where they take long, and the first costs little more."""
    times: list[float] = []
    while len(times) < REPEATS and sum(times) < PATIENCE:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)
