"""Train the small CNN of the embedded data set on rendered scenes that are in no split.

The network answers questions about each place of a scene, and about the scene as a whole, by one linear layer
on its pooled features; that layer is dropped, since what counts is that the features hold the answers. The
file is strictly loadable in torchvision's model of this name, whose own class scores are as initialised.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional

from gxn import cli, code
from gxn.cli import progress
from gxn.configuration.arguments import Configured
from gxn.configuration.features import Cnn, Pretrain
from gxn.datasets.shapes import ATTRIBUTES, QUESTIONS, TOGETHER, classification_set, mirrored, present
from gxn.features.cnn import load_cnn, normalise
from gxn.files import save_tensors
from gxn.provenance import provenance
from gxn.training.device import choose_device
from gxn.training.optimizers import Adam
from gxn.training.resume import Resume, check_loss, fingerprint
from gxn.writing import atomic

WIDTHS = [len(values) for values in QUESTIONS.values()]
WHOLE = sum(math.prod(len(ATTRIBUTES[name]) for name in names) for names in TOGETHER)

WHOLE_WEIGHT = (
    13  # divides the sum over WHOLE answers, most of them an easy no, to the size of a question's loss
)


class Trainer:
    """The network, its questions, and what it learns from."""

    def __init__(self, config: Cnn, device: torch.device) -> None:
        self.plan, self.device = config.pretrain, device
        torch.manual_seed(self.plan.seed)
        self.cnn, width = load_cnn(config.name, config.layer, None)
        self.cnn.to(device, memory_format=torch.channels_last)
        self.head = nn.Linear(width, sum(WIDTHS) + WHOLE).to(device)
        parameters = [*self.cnn.parameters(), *self.head.parameters()]
        self.optimizer = Adam(
            parameters,
            self.plan.learning_rate,
            weight_decay=self.plan.weight_decay,
            decoupled_weight_decay=True,  # AdamW
            fused=True,
        )
        self.steps = self.plan.images // self.plan.batch_size
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, self.plan.learning_rate, total_steps=self.steps * self.plan.epochs, pct_start=0.15
        )
        self.mirrored = torch.from_numpy(mirrored())

    def parts(self) -> dict[str, Any]:
        """All that has a state."""
        return {name: getattr(self, name) for name in ("cnn", "head", "optimizer", "schedule")}

    def scores(self, images: Tensor) -> tuple[Tensor, ...]:
        """Scores of the answers to each question, (B, answers) each; last those of the scene as a whole."""
        pixels = normalise(images.to(self.device)).contiguous(memory_format=torch.channels_last)
        return self.head(self.cnn(pixels)).split([*WIDTHS, WHOLE], 1)

    def epoch(self, epoch: int, images: Tensor, answers: Tensor, resume: Resume) -> float:
        """One pass, half of the images mirrored; the mean loss."""
        self.cnn.train()
        order = np.random.default_rng([self.plan.seed, epoch])
        rows = torch.from_numpy(order.permutation(len(images))[: self.steps * self.plan.batch_size])
        whole = torch.from_numpy(present(answers.numpy()))  # the same for a mirrored scene
        total = 0.0
        for step, batch in enumerate(
            progress(rows.split(self.plan.batch_size), self.steps, f"epoch {epoch + 1}"), 1
        ):
            flip = torch.from_numpy(order.random(len(batch)) < 0.5)
            pixels = torch.where(flip[:, None, None, None], images[batch].flip(3), images[batch])
            right = torch.where(flip[:, None], answers[batch][:, self.mirrored], answers[batch]).to(
                self.device
            )
            loss = self.loss(pixels, right, whole[batch].to(self.device))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.schedule.step()
            figure = loss.item()
            check_loss(figure, "loss", step, epoch, batch.tolist(), resume.path)
            total += figure
        return total / self.steps

    def loss(self, images: Tensor, right: Tensor, whole: Tensor) -> Tensor:
        """Mean cross-entropy of the questions, plus that of the scene as a whole, which is learnt sooner.

        Args:
            images: uint8 (B, 3, H, W).
            right: answers int64 (B, Q).
            whole: what is present, float (B, P).
        """
        *scores, present_scores = self.scores(images)
        each = [functional.cross_entropy(score, right[:, question]) for question, score in enumerate(scores)]
        binary = functional.binary_cross_entropy_with_logits(present_scores, whole, reduction="sum")
        return torch.stack(each).mean() + binary / (len(images) * WHOLE_WEIGHT)

    @torch.no_grad()
    def accuracy(self, images: Tensor, answers: Tensor) -> dict[str, float]:
        """Share of right answers, by kind of question, where there is something to see."""
        self.cnn.eval()
        guesses = [[each.argmax(1).cpu() for each in self.scores(batch)[:-1]] for batch in images.split(128)]
        right = torch.cat([torch.stack(batch, 1) for batch in guesses]) == answers
        found: dict[str, list[Tensor]] = {}
        for question, (name, place) in enumerate(QUESTIONS):
            seen = answers[:, question] > 0 if place else torch.ones(len(images), dtype=torch.bool)
            found.setdefault(name, []).append(right[seen, question])
        return {name: torch.cat(each).double().mean().item() for name, each in found.items()}


def rendered(plan: Pretrain) -> tuple[Tensor, Tensor]:
    """Images uint8 (N, 3, H, W) and answers int64 (N, Q); those held out stand last."""
    count = plan.images + plan.held_out
    found = progress(classification_set(plan.seed, plan.size, count), count, "images of the CNN")
    pixels, answers = zip(*found, strict=True)
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(
        np.stack(answers)
    )


def epochs(trainer: Trainer, images: Tensor, answers: Tensor, resume: Resume) -> Iterator[dict[str, float]]:
    """Figures of every epoch; those of a killed run are not computed again."""
    plan, parts = trainer.plan, trainer.parts()
    state = resume.load()
    history = state["history"] if state else []
    for name, part in parts.items() if state else ():
        part.load_state_dict(state[name])
    yield from history
    for epoch in range(len(history), plan.epochs):
        loss = trainer.epoch(epoch, images[: plan.images], answers[: plan.images], resume)
        figures = trainer.accuracy(images[plan.images :], answers[plan.images :])
        history.append({"epoch": epoch + 1, "loss": loss, **figures})
        print("  ".join(f"{name} {value:.3g}" for name, value in history[-1].items()), flush=True)
        resume.save({"history": history} | {name: part.state_dict() for name, part in parts.items()})
        yield history[-1]


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    resume: Path = cli.option("folder of the state between epochs")
    curves: Path = cli.option("CSV to write: accuracy after each epoch")
    out: Path = cli.option("safetensors file to write")


def train_cnn(arguments: Arguments) -> None:
    """Render, train, write the state dict of torchvision's model and the accuracy after each epoch."""
    config = arguments.configuration
    cnn, device = config.cnn, choose_device(config.device, config.threads)
    settings = cnn.model_dump(mode="json")
    key = fingerprint([settings, config.threads, device.type], {}, code.digest(__spec__.name))
    state = Resume(arguments.resume, key)
    trainer = Trainer(cnn, device)
    table = pd.DataFrame(epochs(trainer, *rendered(cnn.pretrain), state))
    made = provenance(settings, "rendered", cnn.pretrain.seed)
    save_tensors(arguments.out, trainer.cnn.model.state_dict(), {"cnn": cnn.name, "provenance": made})
    with atomic(arguments.curves) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")
    state.clear()


main = cli.command(train_cnn, Arguments)

if __name__ == "__main__":
    main()
