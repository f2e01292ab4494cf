"""Training of the CNN of the rendered data set: it answers questions about every place of a scene."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gxn.cli import progress
from gxn.configuration.features import Cnn, Pretrain
from gxn.datasets.shapes import QUESTIONS, classification_set, mirrored
from gxn.features.cnn import load_cnn, normalise
from gxn.training.optimizers import Adam
from gxn.training.resume import Resume, check_loss

WIDTHS = [len(values) for values in QUESTIONS.values()]
WARM_UP = 0.15  # share of the updates in which the learning rate rises


class CnnTrainer:
    """The CNN, a linear layer that answers the questions from its features, and their optimizer.

    The linear layer is dropped afterwards: what counts is that the features hold the answers. Questions about
    the scene as a whole (is there a red star anywhere?) are not asked: they take time from the places, which the
    features keep.
    """

    def __init__(self, settings: Cnn, device: torch.device) -> None:
        self.plan, self.device = settings.pretrain, device
        torch.manual_seed(self.plan.seed)
        self.cnn, width = load_cnn(settings.name, settings.layer, None)
        self.cnn.to(device, memory_format=torch.channels_last)
        self.head = nn.Linear(width, sum(WIDTHS)).to(device)
        self.optimizer = Adam(
            [*self.cnn.parameters(), *self.head.parameters()],
            self.plan.learning_rate,
            weight_decay=self.plan.weight_decay,
            decoupled_weight_decay=True,  # AdamW
            fused=True,
        )
        self.steps = self.plan.images // self.plan.batch_size  # updates per epoch
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            self.plan.learning_rate,
            total_steps=self.steps * self.plan.epochs,
            pct_start=WARM_UP,
        )
        self.mirrored = torch.from_numpy(mirrored())

    def parts(self) -> dict[str, Any]:
        """Everything that has a state, by name."""
        return {name: getattr(self, name) for name in ("cnn", "head", "optimizer", "schedule")}

    def scores(self, images: Tensor) -> tuple[Tensor, ...]:
        """Scores (B, answers) of the answers to each question, for images uint8 (B, 3, H, W)."""
        pixels = normalise(images.to(self.device)).contiguous(memory_format=torch.channels_last)
        return self.head(self.cnn(pixels)).split(WIDTHS, 1)

    def loss(self, images: Tensor, answers: Tensor) -> Tensor:
        """Mean cross-entropy of the questions; images uint8 (B, 3, H, W), right answers int64 (B, Q)."""
        scores = self.scores(images)
        each = [functional.cross_entropy(score, answers[:, which]) for which, score in enumerate(scores)]
        return torch.stack(each).mean()

    def update(self, images: Tensor, answers: Tensor) -> float:
        """One step of the optimizer; the loss before it."""
        loss = self.loss(images, answers)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        return loss.item()

    def epoch(self, epoch: int, images: Tensor, answers: Tensor, resume: Resume) -> float:
        """One pass over the images, half of them mirrored; the mean loss.

        Raises:
            GxnError: a loss is not finite or exploded.
        """
        self.cnn.train()
        order = np.random.default_rng([self.plan.seed, epoch])
        rows = torch.from_numpy(order.permutation(len(images))[: self.steps * self.plan.batch_size])
        batches = progress(
            rows.split(self.plan.batch_size), self.steps, f"epoch {epoch + 1}/{self.plan.epochs}"
        )
        total = 0.0
        for step, batch in enumerate(batches, 1):
            flip = torch.from_numpy(order.random(len(batch)) < 0.5)
            pixels = torch.where(flip[:, None, None, None], images[batch].flip(3), images[batch])
            right = torch.where(flip[:, None], answers[batch][:, self.mirrored], answers[batch])
            loss = self.update(pixels, right.to(self.device))
            check_loss(loss, "loss", step, epoch, batch.tolist(), resume.path)
            total += loss
        return total / self.steps

    @torch.no_grad()
    def accuracy(self, images: Tensor, answers: Tensor) -> dict[str, float]:
        """Share of right answers by kind of question, over the places where there is a thing."""
        self.cnn.eval()
        guesses = [
            torch.stack([score.argmax(1).cpu() for score in self.scores(batch)], 1)
            for batch in images.split(128)
        ]
        right = torch.cat(guesses) == answers
        kinds: dict[str, list[Tensor]] = {}
        for question, (name, place) in enumerate(QUESTIONS):
            asked = answers[:, question] > 0 if place else torch.ones(len(images), dtype=torch.bool)
            kinds.setdefault(name, []).append(right[asked, question])
        return {name: torch.cat(each).double().mean().item() for name, each in kinds.items()}


def rendered(plan: Pretrain) -> tuple[Tensor, Tensor]:
    """Images uint8 (N, 3, H, W) and answers int64 (N, Q); those held out are the last."""
    count = plan.images + plan.held_out
    pairs = progress(classification_set(plan.seed, plan.size, count), count, "images of the CNN")
    pixels, answers = (np.stack(each) for each in zip(*pairs, strict=True))
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(answers)


def train(trainer: CnnTrainer, images: Tensor, answers: Tensor, resume: Resume) -> Iterator[dict[str, float]]:
    """Yield the metrics of every epoch: its number, the mean loss and the accuracy by kind of question.

    Epochs of a killed run are not computed again; their metrics are read from `resume`.
    """
    plan, parts = trainer.plan, trainer.parts()
    state = resume.load()
    history = state["history"] if state else []
    for name, part in parts.items() if state else ():
        part.load_state_dict(state[name])
    yield from history
    for epoch in range(len(history), plan.epochs):
        loss = trainer.epoch(epoch, images[: plan.images], answers[: plan.images], resume)
        accuracy = trainer.accuracy(images[plan.images :], answers[plan.images :])
        history.append({"epoch": epoch + 1, "loss": loss, **accuracy})
        print("  ".join(f"{name} {value:.3g}" for name, value in history[-1].items()), flush=True)
        resume.save({"history": history} | {name: part.state_dict() for name, part in parts.items()})
        yield history[-1]
