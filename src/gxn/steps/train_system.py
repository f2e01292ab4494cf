"""Train a row by another objective than ranking: two autoencoders (Corr-AE), or labels and an adversary (ACMR).

The row makes as many updates as other rows. A first part has those of the ranking pretraining and keeps its last
epoch; a second part has those of the joint stage and keeps its best epoch. Each part sees the batches of that
stage, in their order.
"""

import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from gxn import cli
from gxn.configuration import system_stages
from gxn.configuration.systems import Correspondence as CorrespondenceSettings
from gxn.datasets.labels import read_labels
from gxn.errors import GxnError
from gxn.training.adversarial import Adversarial
from gxn.training.correspondence import Correspondence
from gxn.training.objective import System
from gxn.training.stage import Stage, StageArguments


@dataclass(frozen=True, kw_only=True)
class Arguments(StageArguments):
    """Arguments of the step."""

    labels: Path | None = cli.option("labels.h5, for a row of kind adversarial", None)

    @cached_property
    def settings(self) -> system_stages.SystemSettings:
        """Take the settings of the row from the configuration."""
        return system_stages.settings(self.configuration, self.name)


def train_system(arguments: Arguments) -> None:
    """Train a row of kind correspondence or adversarial, from nothing."""
    stage = Stage(__spec__.name, arguments, labels=arguments.labels)
    is_tied = isinstance(stage.settings.system, CorrespondenceSettings)
    objective, history, about = (_tied if is_tied else _adversarial)(stage, arguments)
    settings, resume = stage.settings, stage.resume(arguments.resume)
    steps = settings.ranking_steps_per_batch
    objective.begin(settings.ranking, settings.epochs, steps * _batches(stage))
    joint = stage.fit([objective] * steps, resume, settings.epochs, settings.monitor)
    history = history + [row | {"epoch": len(history) + row["epoch"]} for row in joint]
    stage.write(history, objective.modules, objective.embed, **about)
    for each in arguments.resume.glob("*/last.pt"):
        stage.resume(each.parent).clear()
    resume.clear()


def _batches(stage: Stage) -> int:
    return stage.train.steps(stage.settings.training.batch_size)


def _warmed(stage: Stage, objective: System, folder: str) -> list[dict[str, float]]:
    """Train as long as the ranking pretraining; the curves."""
    settings = stage.settings
    objective.begin(settings.warmup, settings.warmup_epochs, _batches(stage))
    resume = stage.resume(stage.arguments.resume / folder)
    return stage.fit([objective], resume, settings.warmup_epochs, None)


def _tied(stage: Stage, arguments: Arguments) -> tuple[System, list[dict[str, float]], dict[str, Any]]:
    """Warm up with every alpha from the same initial weights; go on with that of the best validation rsum."""
    settings, best = stage.settings, None
    for alpha in settings.system.alphas:
        torch.manual_seed(arguments.seed)
        stage.updates = 0  # those of one alpha count
        own = copy.deepcopy(stage.encoders)
        objective = Correspondence(own, settings.warmup, settings.system, alpha, stage.train)
        history = _warmed(stage, objective, f"alpha-{alpha}")
        print(f"alpha {alpha}: validation rsum {history[-1]['val_rsum']:.1f}", flush=True)
        if best is None or history[-1]["val_rsum"] > best[1][-1]["val_rsum"]:
            best = objective, history, {"alpha": alpha}
    print(f"chosen: alpha {best[2]['alpha']}", flush=True)
    return best


def _adversarial(stage: Stage, arguments: Arguments) -> tuple[System, list[dict[str, float]], dict[str, Any]]:
    """Warm up with labels and adversary."""
    if arguments.labels is None:
        raise GxnError(f"row {arguments.name}: learns labels, so it needs --labels")
    settings = stage.settings
    labels = torch.from_numpy(read_labels(arguments.labels, stage.train.imgid).multi_hot).to(stage.device)
    several = bool((labels.sum(1) != 1).any())
    batches = settings.warmup_epochs + settings.epochs * settings.ranking_steps_per_batch
    updates = batches * _batches(stage)
    objective = Adversarial(
        stage.encoders, settings.warmup, settings.system, labels, several, stage.train, updates
    )
    return objective, _warmed(stage, objective, "warmup"), {}


main = cli.command(train_system, Arguments)

if __name__ == "__main__":
    main()
