"""Estimates of the data steps of a run: downloads, rendered scenes, small images and features."""

import collections
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np
import torch

from gxn import plugins
from gxn.configuration.root import RAW, Configuration, is_fetched
from gxn.datasets import downloads as listed
from gxn.datasets.captions import SPLITS, read_captions
from gxn.datasets.rendering import render
from gxn.datasets.scenes import generator
from gxn.datasets.tokens import read_vocabulary
from gxn.datasets.words import SPECIAL
from gxn.errors import GxnError
from gxn.estimation.table import Line
from gxn.features.cnn import load_cnn
from gxn.features.extract import forward
from gxn.features.ready_files import open_ready
from gxn.features.transforms import crops_per_image, images_per_batch
from gxn.sources._source import Order
from gxn.sources.scenes import Parameters as Scenes
from gxn.sources.scenes import entry, in_order
from gxn.training.rates import quickest

# measured on one core: a photograph of 640 x 480 read and decoded; one of 224 x 224 takes a tenth of it
DECODE_SECONDS = 0.002
# where nothing is prepared yet: round sizes of COCO's and of the scenes' vocabulary, and words of a caption
PHOTOGRAPH_WORDS, SCENE_WORDS = 10_000, 200
PHOTOGRAPH_LENGTH, SCENE_LENGTH = 11.0, 14.0
# crops of the trial pass on a CPU, where a large batch is no quicker and takes gigabytes
TRIAL = 8


@dataclass(frozen=True)
class Counts:
    """Images, training captions, known words, words per caption of a dataset, and where the figures come from."""

    images: int
    captions: int
    words: int
    length: float
    origin: str


def count(config: Configuration) -> Counts:
    """Count the dataset: in its prepared files, as configured, or in the user's captions."""
    dataset = config.dataset
    folder = Path("data", dataset.name)
    prepared, vocabulary = folder / "captions.json", folder / "vocabulary.json"
    if not dataset.source.renders() and prepared.exists() and vocabulary.exists():
        records = read_captions(prepared)
        lengths = [len(each.tokens) for one in records if one.split == "train" for each in one.sentences]
        words = len(read_vocabulary(vocabulary)) - len(SPECIAL)
        return Counts(len(records), len(lengths), words, mean(lengths), f"counted in {folder}")
    sizes = dataset.source.counts()
    if sizes is None:
        return _counted(config)
    scenes = dataset.source.renders()
    words, length = (SCENE_WORDS, SCENE_LENGTH) if scenes else (PHOTOGRAPH_WORDS, PHOTOGRAPH_LENGTH)
    total = sizes.train + sizes.val + sizes.test
    return Counts(total, sizes.captions, words, length, "configured; words in round figures")


def _counted(config: Configuration) -> Counts:
    """Count the user's captions as the step `prepare` would take them; no image is opened."""
    source, ready = config.dataset.source, config.features.file
    if absent := [path for path in source.captions_files() if not Path(path).exists()]:
        raise GxnError(f"dataset.source.captions: {absent[0]}: no such file, so nothing can be counted")
    order = Order(
        config.dataset.name,
        Path(),
        tokeniser=config.vocabulary.tokeniser,
        features=Path(ready) if ready else None,
    )
    entries = plugins.load("gxn.sources", source.kind).read(source, order)[0]["images"]
    captions = [each["tokens"] for one in entries if one["split"] == "train" for each in one["sentences"]]
    counts = collections.Counter(word for tokens in captions for word in tokens)
    words = sum(times >= config.vocabulary.min_count for times in counts.values())
    length = sum(counts.values()) / max(len(captions), 1)
    return Counts(len(entries), len(captions), words, length, "counted in the captions")


def downloads(config: Configuration) -> list[Line]:
    """The public files that the configuration names under data/raw and that are not there yet."""
    source, lines = config.dataset.source, []
    weights = None if config.features.file else config.cnn.weights
    wanted = [source.images_folder(), *source.captions_files(), weights]
    names = {f"{RAW}/coco": ["train2014.zip", "val2014.zip"]}
    for path in filter(None, wanted):
        if not is_fetched(path) or Path(path).exists():
            continue
        if path.endswith(".safetensors"):
            size = listed.weights_size(Path(path).stem)
            lines.append(Line(f"weights {Path(path).stem}", size, size))
            continue
        for name in names.get(path, ["caption_datasets.zip"]):
            size = listed.source(name).bytes
            here = RAW.joinpath(name).exists()
            # an archive stays, and what is in it is JPEG (as large again) or JSON (five times as large)
            unpacked = size if path in names else 5 * size
            lines.append(
                Line(f"{name}, unpacked", 0 if here else size, unpacked if here else size + unpacked)
            )
    return lines


def rendering(config: Configuration) -> list[Line]:
    """The scenes, where they are the data."""
    settings = config.dataset.source
    if not isinstance(settings, Scenes):
        return []
    total, trial = sum(getattr(settings, split) for split in SPLITS), 2 * len(SPLITS)
    few = settings.model_copy(update=dict.fromkeys(SPLITS, 2))

    def render_few() -> None:
        for imgid, split, index, scene in in_order(few):
            render(scene, few.size, generator(few.seed, split, index, 1))
            entry(few.seed, imgid, split, index, scene)

    seconds = quickest(render_few) / trial * total
    return [Line("prepare", disk=3 * settings.size**2 * total, seconds=seconds)]


def features(config: Configuration, counts: Counts, device: torch.device) -> tuple[list[Line], int, float]:
    """Preparing, thumbnails and features; the number of features per image, and the CNN's seconds per crop."""
    if config.features.file is not None:
        return ready_features(config, counts)
    section, crops_each = config.features, crops_per_image(config.features)
    network, width = load_cnn(config.cnn.name, config.cnn.layer, None)
    network = network.to(device, memory_format=torch.channels_last).eval()
    side, step = config.dataset.gan_image_size, images_per_batch(config.features)
    trial = step if device.type == "cuda" else min(step, TRIAL)
    crops = np.zeros((trial * crops_each, section.crop, section.crop, 3), np.uint8)

    def pass_once() -> None:
        forward(network, crops, crops_each, device, section.compute_dtype).cpu()

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    crop_seconds = quickest(pass_once) / len(crops)
    seconds = crop_seconds * crops_each * counts.images
    weights = 4 * sum(each.numel() for each in network.parameters())
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else weights
    decode = 0.0 if config.dataset.source.renders() else DECODE_SECONDS * counts.images
    numbers = 2 if section.storage_dtype == "float16" else 4
    small = 3 * side**2 * counts.images
    lines = [
        Line("prepare, gan_images", disk=small, seconds=2 * decode),
        Line("features", disk=numbers * width * counts.images, seconds=seconds, memory=memory),
    ]
    return lines, width, crop_seconds


def ready_features(config: Configuration, counts: Counts) -> tuple[list[Line], int, float]:
    """Estimate as `features` does, where features are taken from a file and nothing is computed."""
    with open_ready(Path(config.features.file)) as ready:
        width = ready.width
    numbers = 2 if config.features.storage_dtype == "float16" else 4
    decode = 2 * DECODE_SECONDS * counts.images if config.dataset.source.images_folder() else 0.0
    lines = [
        Line("prepare", seconds=decode),
        Line("import_features", disk=numbers * width * counts.images, seconds=0.0),
    ]
    return lines, width, 0.0
