"""Time and memory of one update of each kind on this machine, measured on made-up batches."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from gxn.configuration import stages
from gxn.configuration.root import Configuration
from gxn.configuration.stage_settings import DrawingSettings
from gxn.datasets.tokens import Captions
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import build_frequencies
from gxn.training.captioning import Captioning
from gxn.training.data import Batch
from gxn.training.drawing import Drawing, build_drawing_networks
from gxn.training.matching import Matching
from gxn.training.objective import Objective

REPEATS = 4
PATIENCE = 5.0  # seconds
GROUNDING = {"grounding_rate": 1e-4}  # any rate above 0 will do
# as in COCO and Flickr: 11 words on average, the longest of a batch about twice that
SHORTEST, LONGEST = 6, 22


@dataclass(frozen=True)
class Rate:
    """One update: seconds; bytes of weights, gradients, Adam's moments and, on a GPU, activations."""

    seconds: float
    memory: int


def update_rates(
    config: Configuration, encoder: str, features: int, words: int, device: torch.device
) -> dict[str, Rate]:
    """Rates of the updates `match`, `xe`, `mix` and `draw` with the configured sizes.

    Args:
        config: the whole configuration.
        encoder: name of the encoders' section.
        features: numbers per image.
        words: size of the vocabulary.
    """
    batch, captions = made_up(config.training.batch_size, features, words, device)
    settings = {name: stages.settings(config, name, encoder) for name in stages.STAGES if name != "joint"}
    ranking = settings["pretrain_ranking"]
    encoders = Encoders(ranking.encoder, EncoderSizes.of(ranking.model, features, words)).to(device)
    rates = {"match": _rate(Matching(encoders, ranking.ranking), batch, config)}
    if "grounded" in ranking.encoder.spaces:
        decoder = CaptionDecoder.of(ranking.model, words).to(device)
        frequencies = build_frequencies(captions)
        reward = CiderD(captions.tokens, captions.offsets, captions.caption_image, frequencies)
        for name, stage in (("xe", "pretrain_xe"), ("mix", "pretrain_scst")):
            changes = GROUNDING | {"scst_interval": 1}
            captioning = settings[stage].captioning.model_copy(update=changes)
            rates[name] = _rate(Captioning(encoders, decoder, captioning, reward, reward), batch, config)
        share = 1 / config.captioning.scst_interval
        mixed = rates["xe"].seconds + share * (rates["mix"].seconds - rates["xe"].seconds)
        rates["mix"] = replace(rates["mix"], seconds=mixed)
        drawing = settings["pretrain_gan"].drawing.model_copy(update=GROUNDING)
        rates["draw"] = _rate(_drawing(config, drawing, encoders, batch), batch, config)
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


def _drawing(config: Configuration, settings: DrawingSettings, encoders: Encoders, batch: Batch) -> Objective:
    side, device = config.dataset.gan_image_size, batch.features.device
    networks = build_drawing_networks(config.model, side, device)
    images = torch.zeros((len(batch.image), 3, side, side), dtype=torch.uint8, device=device)
    return Drawing(encoders, **networks, settings=settings, images=images)


def _rate(objective: Objective, batch: Batch, config: Configuration) -> Rate:
    """The quickest of a few updates."""
    cuda = batch.features.is_cuda
    if cuda:
        torch.cuda.reset_peak_memory_stats()

    def update() -> None:
        precision = config.training.precision
        with torch.autocast(batch.features.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            objective.step(batch)
        if cuda:
            torch.cuda.synchronize()

    objective.start_epoch(0)
    seconds = quickest(update)
    weights = sum(each.numel() for module in objective.modules.values() for each in module.parameters())
    return Rate(seconds, torch.cuda.max_memory_allocated() if cuda else 16 * weights)


def quickest(call: Callable[[], None]) -> float:
    """Time the quickest of a few calls, in seconds; at least two, as the first may compile kernels.

    On one thread without a card these are the processor's seconds, which other work does not change.
    """
    alone = torch.get_num_threads() == 1 and not torch.cuda.is_available()
    clock = time.process_time if alone else time.perf_counter
    times: list[float] = []
    while len(times) < 2 or (len(times) < REPEATS and sum(times) < PATIENCE):
        start = clock()
        call()
        times.append(clock() - start)
    return min(times)
