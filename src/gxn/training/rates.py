"""Time and memory of one update of each kind on this machine, measured on made-up batches."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from gxn.configuration import stages
from gxn.configuration.root import Configuration
from gxn.configuration.stage_settings import DrawingSettings
from gxn.configuration.systems import Correspondence as Autoencoders
from gxn.datasets.tokens import Captions
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import build_frequencies
from gxn.training.captioning import Captioning
from gxn.training.correspondence import Correspondence
from gxn.training.data import Batch, make_split
from gxn.training.drawing import Drawing, build_drawing_networks
from gxn.training.matching import Matching
from gxn.training.objective import Objective

REPEATS = 4
PATIENCE = 5.0  # seconds
GROUNDING = {"grounding_rate": 1e-4}  # any rate above 0 will do
SHORTEST, LONGEST = 6, 23  # words of a batch's captions, as in COCO, Flickr and the scenes


@dataclass(frozen=True)
class Data:
    """Sizes of a dataset: numbers per image, words of the vocabulary, words of a caption in the mean."""

    features: int
    words: int
    length: float


@dataclass(frozen=True)
class Rate:
    """One update: seconds; bytes of weights, gradients, Adam's moments and, on a GPU, activations."""

    seconds: float
    memory: int


def update_rates(
    config: Configuration, encoder: str, kinds: set[str], data: Data, device: torch.device
) -> dict[str, Rate]:
    """Rates of updates with the configured sizes.

    Args:
        config: the whole configuration.
        encoder: name of the encoders' section.
        kinds: which updates, of `match`, `xe`, `mix`, `draw` and `tie` (correspondence autoencoders); all but
            `match` need an encoder with a grounded space.
        data: sizes of the dataset.
    """
    batch, captions = made_up(config.training.batch_size, data, device)
    settings = {name: stages.settings(config, name, encoder) for name in stages.STAGES if name != "joint"}
    ranking = settings["pretrain_ranking"]
    encoders = Encoders(ranking.encoder, EncoderSizes.of(ranking.model, data.features, data.words)).to(device)
    rates = {}
    if "match" in kinds:
        rates["match"] = _rate(Matching(encoders, ranking.ranking), batch, config)
    if kinds & {"xe", "mix"}:
        decoder = CaptionDecoder.of(ranking.model, data.words).to(device)
        reward = CiderD(
            captions.tokens, captions.offsets, captions.caption_image, build_frequencies(captions)
        )

        def captioning(stage: str) -> Rate:
            changes = GROUNDING | {"scst_interval": 1}
            own = settings[stage].captioning.model_copy(update=changes)
            return _rate(Captioning(encoders, decoder, own, reward, reward), batch, config)

        rates["xe"] = captioning("pretrain_xe")
    if "mix" in kinds:
        critical, share = captioning("pretrain_scst"), 1 / config.captioning.scst_interval
        mixed = rates["xe"].seconds + share * (critical.seconds - rates["xe"].seconds)
        rates["mix"] = replace(critical, seconds=mixed)
    if "draw" in kinds:
        drawing = settings["pretrain_gan"].drawing.model_copy(update=GROUNDING)
        rates["draw"] = _rate(_drawing(config, drawing, encoders, batch), batch, config)
    if "tie" in kinds:
        split = make_split(captions, batch.features, "train", device)
        own = Autoencoders(), Autoencoders().alphas[0]
        rates["tie"] = _rate(Correspondence(encoders, ranking.ranking, *own, split), batch, config)
    return rates


def made_up(size: int, data: Data, device: torch.device) -> tuple[Batch, Captions]:
    """A batch of random pairs, and the same as a split of one caption per image.

    Lengths fall from LONGEST to SHORTEST as a power of the rank, so that their mean is that of the dataset.
    """
    generator = np.random.default_rng(0)
    mean = min(max(data.length, SHORTEST + 1), LONGEST - 1)
    power = (LONGEST - SHORTEST) / (mean - SHORTEST) - 1
    falling = np.linspace(1, 0, size) ** power
    lengths = np.rint(SHORTEST + (LONGEST - SHORTEST) * falling).astype(np.int64)
    filled = np.arange(LONGEST) < lengths[:, None]
    tokens = np.where(filled, generator.integers(3, data.words, (size, LONGEST)), 0)
    rows = np.arange(size)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    vocabulary = tuple(map(str, range(data.words)))
    captions = Captions(tokens[filled].astype(np.int32), offsets, rows, rows, rows, vocabulary, "")
    batch = Batch(
        caption=torch.from_numpy(rows),
        image=torch.from_numpy(rows).to(device),
        features=torch.from_numpy(generator.random((size, data.features), np.float32)).to(device),
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
