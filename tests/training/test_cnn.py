"""Training of the CNN: its loss and accuracy by hand, its modes, and losses that are not sound."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gxn.configuration.features import Cnn
from gxn.configuration.section import parse
from gxn.datasets.shapes import QUESTIONS
from gxn.errors import GxnError
from gxn.training.cnn import CnnTrainer, rendered, train
from gxn.training.resume import Resume

PRETRAIN = {
    "seed": 0,
    "size": 32,
    "images": 48,
    "held_out": 16,
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.004,
    "weight_decay": 0.05,
}


def trainer(**changes: Any) -> CnnTrainer:
    section = {"name": "plain", "layer": "grid3", "weights": None, "pretrain": PRETRAIN | changes}
    return CnnTrainer(parse(Cnn, section, "cnn"), torch.device("cpu"))


def trained(built: CnnTrainer, folder: Path) -> list[dict[str, float]]:
    return list(train(built, *rendered(built.plan), Resume(folder, "recipe")))


def test_the_loss_is_the_mean_over_questions_of_the_mean_over_images() -> None:
    built = trainer()
    images, answers = (each[:5] for each in rendered(built.plan))
    built.cnn.eval()
    scores = built.scores(images)
    assert [score.shape[1] for score in scores] == [len(values) for values in QUESTIONS.values()]
    naive = [
        -score.double().softmax(1)[row, answers[row, which]].log()
        for which, score in enumerate(scores)
        for row in range(5)
    ]
    assert built.loss(images, answers).item() == pytest.approx(torch.stack(naive).mean().item(), abs=1e-5)


def test_accuracy_counts_only_places_with_a_thing() -> None:
    built = trainer()
    images, answers = rendered(built.plan)

    def told(batch: Tensor) -> tuple[Tensor, ...]:
        """Scores by which the ground is always right, a shape always, and everything else never."""
        place = {image.numpy().tobytes(): row for row, image in enumerate(images)}
        rows = torch.tensor([place[image.numpy().tobytes()] for image in batch])
        scores = []
        for which, ((name, _), values) in enumerate(QUESTIONS.items()):
            right = answers[rows, which] if name in ("ground", "shape") else 0 * rows  # 0: nothing is there
            scores.append(torch.nn.functional.one_hot(right, len(values)).float())
        return tuple(scores)

    built.scores = told
    assert built.accuracy(images, answers) == {"ground": 1, "shape": 1, "colour": 0, "size": 0, "texture": 0}


def test_a_mirrored_image_comes_with_mirrored_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = trainer(batch_size=48)
    images, answers = rendered(built.plan)
    both: list[tuple[Tensor, Tensor]] = []
    monkeypatch.setattr(CnnTrainer, "update", lambda _self, *pair: both.append(pair) or 1.0)
    built.epoch(0, images[:48], answers[:48], Resume(tmp_path, "recipe"))
    (pixels, right), turned = both[0], 0
    keys = list(QUESTIONS)
    left, mirror = keys.index(("colour", "top left")), keys.index(("colour", "top right"))
    for image, answer in zip(pixels, right, strict=True):
        whole = (images[:48] == image).flatten(1).all(1).nonzero()
        row = (
            int(whole[0])
            if len(whole)
            else int((images[:48].flip(3) == image).flatten(1).all(1).nonzero()[0])
        )
        turned += not len(whole)
        expected = answers[row, left] if len(whole) else answers[row, mirror]
        assert answer[left] == expected and answer[0] == answers[row, 0]
    assert 8 < turned < 40


def test_the_cnn_trains_in_training_mode_and_is_judged_in_evaluation_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, scores, seen = CnnTrainer.loss, CnnTrainer.scores, []

    def learning(self: CnnTrainer, *arguments: Any) -> Any:
        seen.append("step")
        assert all(module.training for module in self.cnn.modules())
        return loss(self, *arguments)

    def answering(self: CnnTrainer, images: Any) -> Any:
        if not torch.is_grad_enabled():
            seen.append("figures")
            assert not any(module.training for module in self.cnn.modules())
        return scores(self, images)

    monkeypatch.setattr(CnnTrainer, "loss", learning)
    monkeypatch.setattr(CnnTrainer, "scores", answering)
    trained(trainer(), tmp_path)
    assert seen == (["step"] * 3 + ["figures"]) * 2


@pytest.mark.parametrize(
    ("value", "said"), [(float("nan"), "nan"), (float("inf"), "inf"), (1e30, r"\S+e\+\d+")]
)
def test_a_loss_that_is_not_finite_or_explodes_stops_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float, said: str
) -> None:
    loss, calls = CnnTrainer.loss, []

    def poisoned(self: CnnTrainer, *arguments: Any) -> Any:
        calls.append(1)
        return loss(self, *arguments) * (value if len(calls) == 5 else 1)

    monkeypatch.setattr(CnnTrainer, "loss", poisoned)
    message = (
        rf"loss is {said} at step 2 of epoch 2; batch of .* the state after epoch 1 is kept in .*last\.pt"
    )
    with pytest.raises(GxnError, match=message):
        trained(trainer(), tmp_path / "resume")
    assert (tmp_path / "resume" / "last.pt").exists()


def test_places_are_learnt_from_a_grid_and_not_from_one_mean(tmp_path: Path) -> None:
    """Pictures of one thing in one of two corners, labelled by it: a mean over places cannot tell them apart."""
    rng = np.random.default_rng(0)
    images = torch.full((64, 3, 32, 32), 120, dtype=torch.uint8)
    answers = torch.zeros(64, len(QUESTIONS), dtype=torch.int64)
    for row, (right, red) in enumerate(rng.integers(2, size=(64, 2))):
        images[row, 0 if red else 2, 4:12, 20 if right else 4 : 28 if right else 12] = 250
        place = ("colour", "top right" if right else "top left")
        answers[row, list(QUESTIONS).index(place)] = 1 if red else 5
    built = trainer(images=64, batch_size=16, epochs=8)
    history = [built.epoch(epoch, images, answers, Resume(tmp_path, "recipe")) for epoch in range(8)]
    assert built.accuracy(images, answers)["colour"] == 1 and history[-1] < history[0] / 5
