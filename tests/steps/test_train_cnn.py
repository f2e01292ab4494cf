"""The step that trains the CNN: a strict state dict, repeatable, resumable."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torchvision import models

from gxn.errors import GxnError
from gxn.features.cnn import load_cnn
from gxn.files import load_tensors
from gxn.steps.train_cnn import Trainer, train_cnn

PRETRAIN = {
    "seed": 0,
    "size": 32,
    "images": 48,
    "held_out": 16,
    "epochs": 2,
    "batch": 16,
    "learning_rate": 0.004,
    "weight_decay": 0.05,
}


def trained(folder: Path, resume: Path | None = None, **changes: Any) -> Path:
    section = {"name": "shufflenet_v2_x0_5", "layer": "pool", "weights": None, "pretrain": PRETRAIN | changes}
    folder.mkdir(exist_ok=True)
    train_cnn(section, 1, "cpu", folder / "cnn.safetensors", folder / "cnn.csv", resume or folder / "state")
    return folder / "cnn.safetensors"


def test_the_file_fits_torchvision_strictly(tmp_path: Path) -> None:
    file = trained(tmp_path)
    state, metadata = load_tensors(file)
    models.get_model("shufflenet_v2_x0_5", weights=None).load_state_dict(state, strict=True)
    assert load_cnn("shufflenet_v2_x0_5", "pool", file)[1] == 1024
    assert metadata["cnn"] == "shufflenet_v2_x0_5" and metadata["provenance"]["seed"] == 0
    curves = pd.read_csv(tmp_path / "cnn.csv")
    assert list(curves) == ["epoch", "loss", "ground", "shape", "colour", "size", "texture"]
    assert curves.epoch.tolist() == [1, 2] and curves.loss[1] < curves.loss[0]


def test_a_killed_run_goes_on_and_ends_in_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(tmp_path / "whole")
    done = []
    measure = Trainer.accuracy

    def killed(self: Trainer, *arguments: Any) -> dict[str, float]:
        done.append(1)
        if len(done) == 2:
            raise KeyboardInterrupt
        return measure(self, *arguments)

    monkeypatch.setattr(Trainer, "accuracy", killed)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "cut", tmp_path / "resume")
    assert list((tmp_path / "cut").iterdir()) == []
    resumed = trained(tmp_path / "cut", tmp_path / "resume")
    assert len(done) == 3
    assert resumed.read_bytes() == whole.read_bytes()
    assert (tmp_path / "cut" / "cnn.csv").read_bytes() == (tmp_path / "whole" / "cnn.csv").read_bytes()
    assert not (tmp_path / "resume").exists()


def test_the_cnn_trains_in_training_mode_and_is_judged_in_evaluation_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, scores, seen = Trainer.loss, Trainer.scores, []

    def learning(self: Trainer, *arguments: Any) -> Any:
        seen.append("step")
        assert all(module.training for module in self.cnn.modules())
        return loss(self, *arguments)

    def answering(self: Trainer, images: Any) -> Any:
        if not torch.is_grad_enabled():
            seen.append("figures")
            assert not any(module.training for module in self.cnn.modules())
        return scores(self, images)

    monkeypatch.setattr(Trainer, "loss", learning)
    monkeypatch.setattr(Trainer, "scores", answering)
    trained(tmp_path)
    assert seen == (["step"] * 3 + ["figures"]) * 2


@pytest.mark.parametrize(
    ("value", "said"), [(float("nan"), "nan"), (float("inf"), "inf"), (1e30, r"\S+e\+\d+")]
)
def test_a_loss_that_is_not_finite_or_explodes_stops_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float, said: str
) -> None:
    loss, calls = Trainer.loss, []

    def poisoned(self: Trainer, *arguments: Any) -> Any:
        calls.append(1)
        return loss(self, *arguments) * (value if len(calls) == 5 else 1)

    monkeypatch.setattr(Trainer, "loss", poisoned)
    message = (
        rf"loss is {said} at step 2 of epoch 2; batch of .* the state after epoch 1 is kept in .*last\.pt"
    )
    with pytest.raises(GxnError, match=message):
        trained(tmp_path / "cnn", tmp_path / "resume")
    assert list((tmp_path / "cnn").iterdir()) == [] and (tmp_path / "resume" / "last.pt").exists()


@pytest.mark.parametrize(("key", "value"), [("batch", 49), ("images", 0), ("size", 16), ("epochs", "two")])
def test_a_bad_value_is_named(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(GxnError, match=rf"^cnn\.pretrain\.{key}: "):
        trained(tmp_path, **{key: value})
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_name_is_named(tmp_path: Path) -> None:
    section = {"name": "squeezenet", "layer": "pool", "weights": None, "pretrain": PRETRAIN}
    with pytest.raises(GxnError, match=r"^cnn\.name"):
        train_cnn(section, 1, "cpu", tmp_path / "out", tmp_path / "curves", tmp_path / "state")
