"""The one training loop: epochs of objectives over batches, validation, selection, resumption."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gxn.cli import progress
from gxn.training.data import Split
from gxn.training.objective import Objective
from gxn.training.resume import Resume, check_loss

CHECK_EVERY = {"cpu": 1, "cuda": 50}  # steps between looks at the losses: a look makes a GPU wait


@dataclass(frozen=True)
class Plan:
    """Length of a stage, and the data that it trains on.

    Attributes:
        epochs: passes over the training captions.
        batch_size: pairs in a batch.
        seed: of the data order; rows of the same seed see the same batches.
        monitor: a validation metric; the epoch where it is best is kept: lowest where its name ends in `loss`,
            else highest. None: the last epoch.
        precision: `float32` or `bfloat16` (autocast).
        patience: stop after so many epochs in a row without a better `monitor`. None: train all epochs.
    """

    epochs: int
    batch_size: int
    seed: int
    monitor: str | None
    precision: str
    patience: int | None = None

    def is_better(self, metric: float, best: float) -> bool:
        """Say whether the monitored metric is better than the best so far."""
        return metric < best if str(self.monitor).endswith("loss") else metric > best


def train(
    objectives: Sequence[Objective], plan: Plan, train: Split, val: Split, resume: Resume
) -> list[dict[str, float]]:
    """Train the objectives' modules in place; return one row of metrics per epoch.

    Each batch is given to every path in order (Algorithm 1). After the last epoch the modules hold the
    selected epoch's parameters.

    Raises:
        GxnError: a loss is not finite or exploded, the embeddings collapsed, or the batch exceeds the split.
    """
    modules = {name: module for objective in objectives for name, module in objective.modules.items()}
    optimizers = {name: each for objective in objectives for name, each in objective.optimizers.items()}
    history, best = _restore(resume, modules, optimizers, train.features.device)
    steps = train.steps(plan.batch_size)
    for epoch in range(len(history), plan.epochs):
        if plan.patience is not None and best is not None and epoch - best["epoch"] >= plan.patience:
            print(f"stopped: no better {plan.monitor} since epoch {best['epoch']}", flush=True)
            break
        for objective in objectives:
            objective.start_epoch(epoch)
        losses = _epoch(objectives, modules, plan, train, epoch, steps, resume)
        metrics = _validate(objectives, modules, val)
        history.append({"epoch": epoch + 1, **losses, **metrics})
        if plan.monitor and (best is None or plan.is_better(metrics[plan.monitor], best["metric"])):
            metric = metrics[plan.monitor]
            best = {"epoch": epoch + 1, "metric": metric, "modules": copy.deepcopy(_states(modules))}
        resume.save(
            {
                "modules": _states(modules),
                "optimizers": {name: each.state_dict() for name, each in optimizers.items()},
                "random": _random_state(train.features.device),
                "history": history,
                "best": best,
            }
        )
        print("  ".join(f"{name} {value:.5g}" for name, value in history[-1].items()), flush=True)
    if best is not None:
        for name, module in modules.items():
            module.load_state_dict(best["modules"][name])
    for module in modules.values():
        module.eval()
    return history


def _epoch(
    objectives: Sequence[Objective],
    modules: dict[str, nn.Module],
    plan: Plan,
    split: Split,
    epoch: int,
    steps: int,
    resume: Resume,
) -> dict[str, float]:
    """Train one pass over the training captions and return the mean of each loss."""
    set_mode(modules, training=True)
    device = split.features.device.type
    found: dict[str, list[float]] = {}
    waiting: list[tuple[int, Tensor, dict[str, Tensor]]] = []
    batches = split.batches(plan.batch_size, plan.seed, epoch)
    for step, batch in enumerate(progress(batches, steps, f"epoch {epoch + 1}/{plan.epochs}"), 1):
        with torch.autocast(device, torch.bfloat16, enabled=plan.precision == "bfloat16"):
            losses = {
                name: value for objective in objectives for name, value in objective.step(batch).items()
            }
        waiting.append((step, batch.caption, losses))
        if step % CHECK_EVERY[device] and step < steps:
            continue
        for done, captions, values in waiting:
            for name, value in values.items():
                number = float(value)
                check_loss(number, name, done, epoch, split.sentid[captions.numpy()].tolist(), resume.path)
                found.setdefault(name, []).append(number)
        waiting.clear()
    return {name: sum(values) / len(values) for name, values in found.items()}


@torch.no_grad()
def _validate(objectives: Sequence[Objective], modules: dict[str, nn.Module], val: Split) -> dict[str, float]:
    set_mode(modules, training=False)
    return {
        name: value
        for objective in dict.fromkeys(objectives)
        for name, value in objective.validate(val).items()
    }


def set_mode(modules: dict[str, nn.Module], training: bool) -> None:
    """Put every module into training or evaluation mode."""
    for module in modules.values():
        module.train(training)


def _states(modules: dict[str, nn.Module]) -> dict[str, dict[str, Tensor]]:
    return {name: module.state_dict() for name, module in modules.items()}


def _random_state(device: torch.device) -> dict[str, Any]:
    cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def _restore(
    resume: Resume, modules: dict[str, nn.Module], optimizers: dict[str, Optimizer], device: torch.device
) -> tuple[list[dict[str, float]], dict[str, Any] | None]:
    """Restore the last state, if there is one, and return the history and the best epoch so far."""
    state = resume.load()
    if state is None:
        return [], None
    for name, module in modules.items():
        module.load_state_dict(state["modules"][name])
    for name, optimizer in optimizers.items():
        optimizer.load_state_dict(state["optimizers"][name])
    torch.set_rng_state(state["random"]["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state["random"]["cuda"], device)
    print(f"resumed after epoch {len(state['history'])}", flush=True)
    return state["history"], state["best"]
