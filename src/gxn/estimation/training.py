"""Estimates the training of a run: the CNN, every stage of every row, fine-tuning; and all steps together."""

from typing import Any

import numpy as np
import torch

from gxn.configuration.root import Configuration
from gxn.configuration.rows import Trained
from gxn.datasets.shapes import classification_set
from gxn.datasets.words import SPECIAL
from gxn.estimation.data import Counts, downloads, features, rendering
from gxn.estimation.table import Line
from gxn.training.cnn import CnnTrainer
from gxn.training.device import choose_device
from gxn.training.rates import Data, quickest, update_rates

# of the processor: 300 photographs took 150 s in 53 jobs beside their updates, Snakemake's own among them
JOB_SECONDS = 3


def measured(config: Configuration, counts: Counts) -> list[Line]:
    """Every step of the workflow with what it takes, measured on the device of the configuration."""
    device = choose_device(config.device, config.threads)
    lines, width, forward_seconds = features(config, counts, device)
    trained = training(config, counts, width, device)
    made = [*downloads(config), *rendering(config), *pretraining(config, device)]
    return [*made, *lines, *trained, *finetuning(config, counts, forward_seconds)]


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


def training(config: Configuration, counts: Counts, width: int, device: torch.device) -> list[Line]:
    """Every stage that the rows need, over all seeds; a stage that rows share is counted once."""
    methods = config.rows
    seeds = len(config.seeds)
    steps = counts.captions // config.training.batch_size
    rates = {
        name: update_rates(
            config, name, kinds, Data(width, counts.words + len(SPECIAL), counts.length), device
        )
        for name, kinds in sorted(_kinds(config).items())
    }
    data = 4 * width * counts.images
    lines = []

    def add(label: str, encoder: str, epochs: int, updates: dict[str, int]) -> None:
        batch = sum(rates[encoder][kind].seconds * n for kind, n in updates.items())
        seconds = seeds * (JOB_SECONDS + epochs * steps * batch)
        memory = data + max(rates[encoder][kind].memory for kind in updates)
        lines.append(Line(f"{label}, {_seeds(seeds)}", seconds=seconds, memory=memory))

    for encoder in rates:
        rows = [row for row in methods.values() if row.encoder == encoder]
        if not rows:
            continue
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
    for name, row in config.systems.items():
        joint, warmup = config.joint_of(row), config.pretrain_ranking.epochs
        kind = _system_kind(row)
        tried = len(row.alphas) if kind == "tie" else 1
        epochs = tried * warmup + joint.epochs * joint.ranking_steps_per_batch
        add(f"system {name}", row.encoder, epochs, {kind: 1})
    return lines


def _seeds(count: int) -> str:
    return f"{count} seed" + "s" * (count > 1)


def _kinds(config: Configuration) -> dict[str, set[str]]:
    """Updates that the rows of each encoder make: a rate that nobody needs may take a minute to measure."""
    found: dict[str, set[str]] = {}
    for row in (config.rows | config.systems).values():
        found.setdefault(row.encoder, set()).add(_system_kind(row))
    for row in config.rows.values():
        if row.captioning != "none":
            found[row.encoder] |= {"xe", row.captioning}
        if row.drawing:
            found[row.encoder].add("draw")
    return found


def _system_kind(row: Trained) -> str:
    """The update that a row ranks by; labels and an adversary add little to it."""
    return "tie" if row.kind == "correspondence" else "match"


def finetuning(config: Configuration, counts: Counts, forward_seconds: float) -> list[Line]:
    """Rows with the CNN in the loop: a crop per caption, and a gradient that takes two forward passes."""
    section, seeds = config.finetune, len(config.seeds)
    crops = section.epochs * counts.captions / section.processes
    seconds = seeds * crops * 3 * forward_seconds
    return [Line(f"finetune {name}, {_seeds(seeds)}", seconds=seconds) for name in section.methods]
