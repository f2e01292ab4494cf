"""The step that trains the CNN: a strict state dict, accuracy by question, resumable to the same bytes."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small import config_files
from torchvision import models

from gxn.errors import GxnError
from gxn.features.cnn import load_cnn
from gxn.files import load_tensors
from gxn.steps.train_cnn import Arguments, train_cnn
from gxn.training.cnn import CnnTrainer

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


def trained(folder: Path, resume: Path | None = None, name: str = "plain", **changes: Any) -> Path:
    own = {"name": name, "layer": "grid3", "weights": None, "pretrain": PRETRAIN | changes}
    side = own["pretrain"]["size"]
    config = config_files(
        folder.parent / f"{folder.name}.config", {"device": "cpu", "cnn": own, "features": {"crop": side}}
    )
    folder.mkdir(exist_ok=True)
    train_cnn(
        Arguments(
            config=config,
            out=folder / "cnn.safetensors",
            curves=folder / "cnn.csv",
            resume=resume or folder / "state",
        )
    )
    return folder / "cnn.safetensors"


def test_the_file_fits_torchvision_strictly(tmp_path: Path) -> None:
    file = trained(tmp_path, name="shufflenet_v2_x0_5", size=64)
    state, metadata = load_tensors(file)
    models.get_model("shufflenet_v2_x0_5", weights=None).load_state_dict(state, strict=True)
    assert load_cnn("shufflenet_v2_x0_5", "grid3", file)[1] == 9 * 1024
    assert metadata["cnn"] == "shufflenet_v2_x0_5" and metadata["provenance"]["seed"] == 0


def test_the_curves_say_the_accuracy_by_question(tmp_path: Path) -> None:
    file = trained(tmp_path)
    assert load_cnn("plain", "grid3", file)[1] == 9 * 256
    curves = pd.read_csv(tmp_path / "cnn.csv")
    assert list(curves) == ["epoch", "loss", "ground", "shape", "colour", "size", "texture"]
    assert curves.epoch.tolist() == [1, 2] and curves.loss[1] < curves.loss[0]


def test_a_killed_run_goes_on_and_ends_in_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(tmp_path / "whole")
    done = []
    measure = CnnTrainer.accuracy

    def killed(self: CnnTrainer, *arguments: Any) -> dict[str, float]:
        done.append(1)
        if len(done) == 2:
            raise KeyboardInterrupt
        return measure(self, *arguments)

    monkeypatch.setattr(CnnTrainer, "accuracy", killed)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "cut", tmp_path / "resume")
    assert list((tmp_path / "cut").iterdir()) == []
    resumed = trained(tmp_path / "cut", tmp_path / "resume")
    assert len(done) == 3
    assert resumed.read_bytes() == whole.read_bytes()
    assert (tmp_path / "cut" / "cnn.csv").read_bytes() == (tmp_path / "whole" / "cnn.csv").read_bytes()
    assert not (tmp_path / "resume").exists()


def test_a_wrong_name_is_named(tmp_path: Path) -> None:
    with pytest.raises(GxnError, match=r"^cnn\.name: torchvision has no classification model 'plane'"):
        trained(tmp_path / "out", name="plane")
    assert list((tmp_path / "out").iterdir()) == []
