"""Say what a configuration takes before it is run: bytes to download, disk, time and memory per step.

Run it in the repository's root: gxn estimate --config params.yaml config/coco.yaml.
Nothing is downloaded or written. Times of scenes, features and training are measured here, on a few batches of
made-up data of the configured
sizes; they are for updates alone, so validation, start-up and evaluation come on top, as does other work on the
machine. Steps are counted one after another; seeds and rows run side by side where there are cores or cards.
Memory is the card's where there is one, activations included; on a CPU it is what parameters, Adam's moments
and data take, without activations and the 0.4 GB of the libraries.
"""

import collections
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gxn import cli, plugins
from gxn.configuration.arguments import Configured
from gxn.configuration.root import RAW, Configuration, is_fetched
from gxn.datasets import downloads as listed
from gxn.datasets.captions import SPLITS, read_captions
from gxn.datasets.rendering import render
from gxn.datasets.scenes import generator
from gxn.datasets.shapes import classification_set
from gxn.datasets.tokens import read_vocabulary
from gxn.datasets.words import SPECIAL
from gxn.errors import GxnError
from gxn.features.cnn import load_cnn
from gxn.features.extract import forward
from gxn.features.ready_files import open_ready
from gxn.features.transforms import crops_per_image, images_per_batch
from gxn.sources._source import Order
from gxn.sources.scenes import entry, in_order
from gxn.training.cnn import CnnTrainer
from gxn.training.device import choose_device
from gxn.training.rates import quickest, update_rates

# measured on one core: a photograph of 640 x 480 read and decoded; one of 224 x 224 takes a tenth of it
DECODE_SECONDS = 0.002
# where nothing is prepared yet: round sizes of COCO's and of the scenes' vocabulary
PHOTOGRAPH_WORDS, SCENE_WORDS = 10_000, 200
# crops of the trial pass on a CPU, where a large batch is no quicker and takes gigabytes
TRIAL = 8


@dataclass(frozen=True)
class Line:
    """What one step takes: bytes to download and on disk, seconds, bytes of memory; None: not known."""

    step: str
    download: int | None = 0
    disk: int | None = 0
    seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Counts:
    """Images, training captions and words of a dataset, and where the figures come from."""

    images: int
    captions: int
    words: int
    origin: str


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""


def estimate(arguments: Arguments) -> None:
    """Print the table for the configuration."""
    config = arguments.configuration
    counts = count(config)
    print(f"{config.dataset.name}: {counts.images} images, {counts.captions} training captions, ", end="")
    print(f"{counts.words} words ({counts.origin})", flush=True)
    show(measured(config, counts))


def measured(config: Configuration, counts: Counts) -> list[Line]:
    """Every step of the workflow with what it takes, measured on the device of the configuration."""
    device = choose_device(config.device, config.threads)
    lines, width, forward_seconds = features(config, counts, device)
    trained = training(config, counts, width, device)
    made = [*downloads(config), *rendering(config), *pretraining(config, device)]
    return [*made, *lines, *trained, *finetuning(config, counts, forward_seconds)]


def count(config: Configuration) -> Counts:
    """Count the dataset: in its prepared files, as configured, or in the user's captions."""
    dataset = config.dataset
    folder = Path("data", dataset.name)
    prepared, vocabulary = folder / "captions.json", folder / "vocabulary.json"
    if not dataset.source.renders() and prepared.exists() and vocabulary.exists():
        records = read_captions(prepared)
        captions = sum(len(record.sentences) for record in records if record.split == "train")
        return Counts(len(records), captions, len(read_vocabulary(vocabulary)), f"counted in {folder}")
    sizes = dataset.source.counts()
    if sizes is None:
        return _counted(config)
    words = SCENE_WORDS if dataset.source.renders() else PHOTOGRAPH_WORDS
    total = sizes.train + sizes.val + sizes.test
    return Counts(total, sizes.captions, words, "configured; words in round figures")


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
    spoken = [each["tokens"] for one in entries if one["split"] == "train" for each in one["sentences"]]
    seen = collections.Counter(word for tokens in spoken for word in tokens)
    words = sum(times >= config.vocabulary.min_count for times in seen.values()) + len(SPECIAL)
    return Counts(len(entries), len(spoken), words, "counted in the captions")


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
    if not settings.renders():
        return []
    total, trial = sum(getattr(settings, split) for split in SPLITS), 2 * len(SPLITS)
    few = settings.model_copy(update=dict.fromkeys(SPLITS, 2))

    def render_few() -> None:
        for imgid, split, index, scene in in_order(few):
            render(scene, few.size, generator(few.seed, split, index, 1))
            entry(few.seed, imgid, split, index, scene)

    seconds = quickest(render_few) / trial * total
    return [Line("prepare", disk=3 * settings.size**2 * total, seconds=seconds)]


def pretraining(config: Configuration, device: torch.device) -> list[Line]:
    """The CNN that is trained here, where none is brought: its images rendered, then its updates."""
    if config.cnn.weights is not None or config.features.file is not None:
        return []
    trainer = CnnTrainer(config.cnn, device)
    trainer.cnn.train()
    plan, total = trainer.plan, trainer.plan.images + trainer.plan.held_out

    def render_batch() -> list[Any]:
        return list(classification_set(plan.seed, plan.size, plan.batch_size))

    pixels, right = (torch.from_numpy(np.stack(each)) for each in zip(*render_batch(), strict=True))
    images, answers = pixels.permute(0, 3, 1, 2), right.to(device)

    def update() -> None:
        trainer.optimizer.zero_grad()
        loss = trainer.loss(images, answers)
        loss.backward()
        trainer.optimizer.step()
        loss.item()

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    seconds = (
        quickest(render_batch) / plan.batch_size * total + quickest(update) * trainer.steps * plan.epochs
    )
    weights = 4 * sum(each.numel() for each in trainer.cnn.parameters())
    on_cpu = 4 * weights + 3 * plan.size**2 * total
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else on_cpu
    return [Line("train_cnn", disk=weights, seconds=seconds, memory=memory)]


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
    """As `features`, where features are taken from a file; nothing is computed."""
    with open_ready(Path(config.features.file)) as ready:
        width = ready.width
    numbers = 2 if config.features.storage_dtype == "float16" else 4
    decode = 2 * DECODE_SECONDS * counts.images if config.dataset.source.images_folder() else 0.0
    lines = [
        Line("prepare", seconds=decode),
        Line("import_features", disk=numbers * width * counts.images, seconds=0.0),
    ]
    return lines, width, 0.0


def finetuning(config: Configuration, counts: Counts, forward_seconds: float) -> list[Line]:
    """Rows with the CNN in the loop: a crop per caption, and a gradient that takes two forward passes."""
    section, seeds = config.finetune, len(config.seeds)
    crops = section.epochs * counts.captions / section.processes
    seconds = seeds * crops * 3 * forward_seconds
    return [Line(f"finetune {name}, {seeds} seeds", seconds=seconds) for name in section.methods]


def training(config: Configuration, counts: Counts, width: int, device: torch.device) -> list[Line]:
    """Every stage that the rows need, over all seeds; a stage that rows share is counted once."""
    methods = config.rows
    seeds = len(config.seeds)
    steps = counts.captions // config.training.batch_size
    rates = {
        name: update_rates(config, name, width, counts.words, device)
        for name in sorted({row.encoder for row in methods.values()})
    }
    data = 4 * width * counts.images
    lines = []

    def add(label: str, encoder: str, epochs: int, updates: dict[str, int]) -> None:
        seconds = (
            seeds * epochs * steps * sum(rates[encoder][kind].seconds * n for kind, n in updates.items())
        )
        memory = data + max(rates[encoder][kind].memory for kind in updates)
        lines.append(Line(f"{label}, {seeds} seeds", seconds=seconds, memory=memory))

    for encoder in rates:
        rows = [row for row in methods.values() if row.encoder == encoder]
        add(f"pretrain_ranking {encoder}", encoder, config.pretrain_ranking.epochs, {"match": 1})
        if any(row.captioning != "none" for row in rows):
            add(f"pretrain_xe {encoder}", encoder, config.pretrain_xe.epochs, {"xe": 1})
        if any(row.captioning == "mix" for row in rows):
            add(f"pretrain_scst {encoder}", encoder, config.pretrain_scst.epochs, {"mix": 1})
        if any(row.drawing for row in rows):
            add(f"pretrain_gan {encoder}", encoder, config.pretrain_gan.epochs, {"draw": 1})
    for name, row in methods.items():
        joint = config.joint_of(row)
        updates = {"match": joint.ranking_steps_per_batch}
        if row.captioning != "none":
            updates[row.captioning] = 1
        if row.drawing:
            updates["draw"] = 1
        add(f"joint {name}", row.encoder, joint.epochs, updates)
    return lines


def show(lines: list[Line]) -> None:
    """Print the table and its sums."""
    print(f"{'step':36}{'download':>12}{'disk':>12}{'time':>12}{'memory':>12}")
    total = Line(
        "all, one after another",
        sum(line.download or 0 for line in lines),
        sum(line.disk or 0 for line in lines),
        sum(line.seconds or 0 for line in lines),
        max(line.memory or 0 for line in lines),
    )
    for line in [*lines, total]:
        cells = (size(line.download), size(line.disk), duration(line.seconds), size(line.memory))
        print(f"{line.step:36}" + "".join(f"{cell:>12}" for cell in cells))
    print(
        "Time is that of updates alone, one job after another; validation, start-up and evaluation come on top."
    )
    print("Memory without a card leaves out activations and 0.4 GB of libraries. ?: not known beforehand.")


def size(count: int | None) -> str:
    """Bytes for people."""
    if not count:
        return "?" if count is None else "-"
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def duration(seconds: float | None) -> str:
    """Seconds for people."""
    if not seconds:
        return "?" if seconds is None else "-"
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


main = cli.command(estimate, Arguments)

if __name__ == "__main__":
    main()
