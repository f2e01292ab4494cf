"""Say what a configuration takes before it is run: bytes to download, disk, time and memory per step.

Run it in the repository's root: gxn estimate --configfile config/coco.yaml. Nothing is downloaded or written.
Times of scenes, features and training are measured here, on a few batches of made-up data of the configured
sizes; they are for updates alone, so validation, start-up and evaluation come on top, as does other work on the
machine. Steps are counted one after another; seeds and rows run side by side where there are cores or cards.
Memory is the card's where there is one, activations included; on a CPU it is what parameters, Adam's moments
and data take, without activations and the 0.4 GB of the libraries.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gxn import cli, sections
from gxn.config import parse
from gxn.datasets import sources
from gxn.datasets.captions import SPLITS, read_captions
from gxn.datasets.rendering import render
from gxn.datasets.scenes import Settings, generator
from gxn.datasets.shapes import classification_set
from gxn.datasets.tokens import read_vocabulary
from gxn.errors import GxnError
from gxn.features.cnn import load_cnn
from gxn.features.extract import FeaturesConfig, forward
from gxn.schema import CAPTIONS, RAW, check, is_fetched, overlay, read_config
from gxn.steps.make_scenes import entry, in_order
from gxn.training.cnn import CnnConfig, CnnTrainer
from gxn.training.device import choose_device
from gxn.training.rates import quickest, update_rates

# measured on one core: a photograph of 640 x 480 read and decoded; one of 224 x 224 takes a tenth of it
DECODE_SECONDS = 0.002
# where nothing is prepared yet: round sizes of COCO's and of the scenes' vocabulary
WORDS = {"karpathy": 10_000, "scenes": 200}
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


def estimate(configfile: list[Path], params: Path, schema: Path) -> None:
    """Print the table for `params` overlaid with `configfile`."""
    config = merged([params, *configfile])
    check(config, schema, " + ".join(map(str, [params, *configfile])))
    device = choose_device(config["device"], config["threads"])
    counts = count(config)
    print(
        f"{config['dataset']['name']}: {counts.images} images, {counts.captions} training captions, ", end=""
    )
    print(f"{counts.words} words ({counts.origin}); measured on: {device.type}", flush=True)
    lines, width, forward_seconds = features(config, counts, device)
    trained = training(config, counts, width, device)
    made = [*downloads(config), *rendering(config), *pretraining(config, device)]
    show([*made, *lines, *trained, *finetuning(config, counts, forward_seconds)])


def merged(paths: list[Path]) -> dict[str, Any]:
    """Configuration files laid over one another."""
    config: dict[str, Any] = {}
    for path in paths:
        overlay(config, read_config(path))
    return config


def count(config: dict[str, Any]) -> Counts:
    """Sizes of the dataset: photographs are counted in their prepared files, else all is as configured."""
    dataset = config["dataset"]
    folder = Path("data", dataset["name"])
    prepared, vocabulary = folder / "captions.json", folder / "vocabulary.json"
    scenes = dataset["source"] == "scenes"
    if not scenes and prepared.exists() and vocabulary.exists():
        records = read_captions(prepared)
        captions = sum(len(record.sentences) for record in records if record.split == "train")
        return Counts(len(records), captions, len(read_vocabulary(vocabulary)), f"counted in {folder}")
    sizes = (config["scenes"] if scenes else dataset["expect"]) or {}
    if missing := [split for split in SPLITS if split not in sizes]:
        raise GxnError(
            f"dataset.expect: has no {', '.join(missing)}; state the counts there, "
            f"or have them counted: `uv run snakemake --cores 8 --configfile ... -- {vocabulary}`"
        )
    total = sum(sizes[split] for split in SPLITS)
    words = WORDS[dataset["source"]]
    return Counts(total, CAPTIONS * sizes["train"], words, "configured; captions and words in round figures")


def downloads(config: dict[str, Any]) -> list[Line]:
    """The public files that the configuration names under data/raw and that are not there yet."""
    dataset, lines = config["dataset"], []
    wanted = [dataset["images"], dataset["captions"], config["cnn"]["weights"]]
    names = {f"{RAW}/coco": ["train2014.zip", "val2014.zip"]}
    for path in filter(None, wanted):
        if not is_fetched(path) or Path(path).exists():
            continue
        if path.endswith(".safetensors"):
            size = sources.weights_size(Path(path).stem)
            lines.append(Line(f"weights {Path(path).stem}", size, size))
            continue
        for name in names.get(path, ["caption_datasets.zip"]):
            size = sources.source(name).bytes
            here = RAW.joinpath(name).exists()
            # an archive stays, and what is in it is JPEG (as large again) or JSON (five times as large)
            unpacked = size if path in names else 5 * size
            lines.append(
                Line(f"{name}, unpacked", 0 if here else size, unpacked if here else size + unpacked)
            )
    return lines


def rendering(config: dict[str, Any]) -> list[Line]:
    """The scenes, where they are the data."""
    if config["dataset"]["source"] != "scenes":
        return []
    settings = parse(Settings, config["scenes"], "scenes")
    total, trial = sum(getattr(settings, split) for split in SPLITS), 2 * len(SPLITS)
    few = replace(settings, **dict.fromkeys(SPLITS, 2))

    def render_few() -> None:
        for imgid, split, index, scene in in_order(few):
            render(scene, few.size, generator(few.seed, split, index, 1))
            entry(few, imgid, split, index, scene)

    seconds = quickest(render_few) / trial * total
    return [Line("make_scenes", disk=3 * settings.size**2 * total, seconds=seconds)]


def pretraining(config: dict[str, Any], device: torch.device) -> list[Line]:
    """The CNN that is trained here, where none is brought: its images rendered, then its updates."""
    if config["cnn"]["weights"] is not None:
        return []
    trainer = CnnTrainer(parse(CnnConfig, config["cnn"], "cnn"), device)
    trainer.cnn.train()
    plan, total = trainer.plan, trainer.plan.images + trainer.plan.held_out

    def render_batch() -> list[Any]:
        return list(classification_set(plan.seed, plan.size, plan.batch))

    pixels, right = (torch.from_numpy(np.stack(each)) for each in zip(*render_batch(), strict=True))
    images, answers = pixels.permute(0, 3, 1, 2), right.to(device)

    def update() -> None:
        # without the schedule, whose steps are counted
        trainer.optimizer.zero_grad()
        loss = trainer.loss(images, answers)
        loss.backward()
        trainer.optimizer.step()
        loss.item()

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    seconds = quickest(render_batch) / plan.batch * total + quickest(update) * trainer.steps * plan.epochs
    weights = 4 * sum(each.numel() for each in trainer.cnn.parameters())
    on_cpu = 4 * weights + 3 * plan.size**2 * total
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else on_cpu
    return [Line("train_cnn", disk=weights, seconds=seconds, memory=memory)]


def features(config: dict[str, Any], counts: Counts, device: torch.device) -> tuple[list[Line], int, float]:
    """Preparing, thumbnails and features; the number of features per image, and the CNN's seconds per crop."""
    section = parse(FeaturesConfig, config["features"], "features")
    network, width = load_cnn(config["cnn"]["name"], config["cnn"]["layer"], None)
    network = network.to(device, memory_format=torch.channels_last).eval()
    side = config["dataset"]["thumbnail"]
    trial = section.step if device.type == "cuda" else min(section.step, TRIAL)
    crops = np.zeros((trial * section.count, section.crop, section.crop, 3), np.uint8)

    def pass_once() -> None:
        forward(network, crops, section.count, device, section.arithmetic).cpu()

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    crop_seconds = quickest(pass_once) / len(crops)
    seconds = crop_seconds * section.count * counts.images
    weights = 4 * sum(each.numel() for each in network.parameters())
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else weights
    decode = 0.0 if config["dataset"]["source"] == "scenes" else DECODE_SECONDS * counts.images
    numbers = 2 if section.precision == "float16" else 4
    small = 3 * side**2 * counts.images
    lines = [
        Line("prepare, thumbnails", disk=small, seconds=2 * decode),
        Line("features", disk=numbers * width * counts.images, seconds=seconds, memory=memory),
    ]
    return lines, width, crop_seconds


def finetuning(config: dict[str, Any], counts: Counts, forward_seconds: float) -> list[Line]:
    """Rows with the CNN in the loop: a crop per caption, and a gradient that takes two forward passes."""
    section, seeds = config["finetune"], len(config["seeds"])
    crops = section["epochs"] * counts.captions / section["processes"]
    seconds = seeds * crops * 3 * forward_seconds
    return [Line(f"finetune {name}, {seeds} seeds", seconds=seconds) for name in section["methods"]]


def training(config: dict[str, Any], counts: Counts, width: int, device: torch.device) -> list[Line]:
    """Every stage that the rows need, over all seeds; a stage that rows share is counted once."""
    methods = sections.rows(config)
    seeds = len(config["seeds"])
    steps = counts.captions // config["training"]["batch"]
    rates = {
        name: update_rates(config, name, width, counts.words, device)
        for name in sorted({row["encoder"] for row in methods.values()})
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
        rows = [row for row in methods.values() if row["encoder"] == encoder]
        add(f"warmup {encoder}", encoder, config["warmup"]["epochs"], {"match": 1})
        if any(row["captioning"] != "none" for row in rows):
            add(f"xe {encoder}", encoder, config["xe"]["epochs"], {"xe": 1})
        if any(row["captioning"] == "mix" for row in rows):
            add(f"rl {encoder}", encoder, config["rl"]["epochs"], {"mix": 1})
        if any(row["drawing"] for row in rows):
            add(f"gan {encoder}", encoder, config["gan"]["epochs"], {"draw": 1})
    for name, row in methods.items():
        joint = sections.joint(config, row)
        updates = {"match": joint["matches"]}
        if row["captioning"] != "none":
            updates[row["captioning"]] = 1
        if row["drawing"]:
            updates["draw"] = 1
        add(f"joint {name}", row["encoder"], joint["epochs"], updates)
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


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--configfile", type=Path, nargs="*", default=[], help="laid over the defaults")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"), help="the defaults")
    parser.add_argument("--schema", type=Path, default=Path("workflow/schemas/params.schema.yaml"))
    cli.run(estimate, parser)


if __name__ == "__main__":
    main()
