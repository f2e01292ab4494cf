"""Fine-tuning as a step: its files, resumption, and two processes that equal one on the joined batch."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gxn.steps.match import match
from torchvision import models

from gxn.datasets.captions import read_captions
from gxn.datasets.tokens import build_vocabulary, write_tokens
from gxn.errors import GxnError
from gxn.files import create_hdf5, load_tensors, open_hdf5, save_tensors
from gxn.steps.embed import embed
from gxn.steps.features import features
from gxn.steps.finetune import finetune
from gxn.training import loop
from gxn.training.finetuning import Finetuning

CNN = {"name": "shufflenet_v2_x0_5", "layer": "pool"}
FEATURES = {
    "resize": None, "crops": "1C", "crop": 32, "precision": "float32", "arithmetic": "float32", "batch": 8,
}  # fmt: skip
MODEL = {
    "word": 8, "hidden": 12, "joint": 10, "decoder": 9, "decoder_start": "state",
    "condition": 6, "noise": 4, "generator": 4, "generator_kind": "upsampling", "discriminator": 4,
    "discriminator_kind": "projection", "discriminator_norm": "batch", "discriminator_reads": "text",
}  # fmt: skip
ENCODER = {
    "spaces": ["abstract", "grounded"], "similarity": "order", "margin": 0.05, "abstract_weight": 0.5,
    "normalise": True, "absolute": True, "abstract_state": "mean", "grounded_state": "last", "words": "shared",
    "same_image_negatives": False,
}  # fmt: skip
MATCH = {"negatives": "sum", "learning_rate": 1e-3, "decay_epoch": None, "clip": 2.0}
RATE = 2e-5
STAGE = {
    "epochs": 2, "cnn_rate": RATE, "smallest": 0.5, "flip": False, "match": MATCH | {"learning_rate": RATE},
}  # fmt: skip
TRAINING = {"batch": 8, "precision": "float32", "select_images": None}


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images, captions, a random CNN, its features, and a row trained on them for an epoch."""
    folder = tmp_path_factory.mktemp("row")
    random = np.random.default_rng(0)
    splits = ["train"] * 10 + ["val"] * 4 + ["test"] * 4
    words = [f"w{i}" for i in range(8)]
    content = [
        {
            "filename": f"{i}.png", "imgid": 100 + i, "split": split,
            "sentences": [
                {"sentid": 10 * i + k, "tokens": random.choice(words, 2 + (i + k) % 4).tolist()} for k in range(2)
            ],
        }
        for i, split in enumerate(splits)
    ]  # fmt: skip
    (folder / "captions.json").write_text(json.dumps({"dataset": "tiny", "images": content}))
    records = read_captions(folder / "captions.json")
    write_tokens(folder / "tokens.h5", records, build_vocabulary(records, 1), 30)
    with create_hdf5(folder / "images.h5", {}) as file:
        file.create_dataset("images", data=random.integers(0, 256, (18, 36, 40, 3), np.uint8))
        file.create_dataset("imgid", data=np.arange(100, 118))
    torch.manual_seed(0)
    save_tensors(folder / "cnn.safetensors", models.get_model(CNN["name"]).state_dict(), {})
    captions, images, weights = (folder / name for name in ("captions.json", "images.h5", "cnn.safetensors"))
    features(
        captions, images, CNN, weights, FEATURES, None, "cpu", 1, folder / "half", folder / "features.h5"
    )
    match(
        None, features=folder / "features.h5", tokens=folder / "tokens.h5", model=MODEL, encoder=ENCODER,
        training=TRAINING, stage={"epochs": 1, "matches": 1, "select": True, "match": MATCH},
        seed=3, threads=1, device="cpu", resume=folder / "s", curves=folder / "row.csv",
        out=folder / "row.safetensors",
    )  # fmt: skip
    return folder


def arguments(row: Path, out: Path, **changes: Any) -> dict[str, Any]:
    return {
        "checkpoint": row / "row.safetensors", "weights": row / "cnn.safetensors", "images": row / "images.h5",
        "captions": row / "captions.json", "tokens": row / "tokens.h5", "features": row / "features.h5",
        "cnn": CNN, "features_config": FEATURES, "training": TRAINING, "stage": STAGE, "seed": 3,
        "threads": 1, "device": "cpu", "resume": out / "resume", "curves": out / "curves.csv",
        "out_cnn": out / "cnn.safetensors", "out": out / "row.safetensors",
    } | changes  # fmt: skip


@pytest.fixture(scope="module")
def tuned(row: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process makes of it."""
    out = tmp_path_factory.mktemp("tuned")
    finetune(**arguments(row, out))
    return out


def test_the_tuned_cnn_fits_torchvision_and_differs(row: Path, tuned: Path) -> None:
    state, about = load_tensors(tuned / "cnn.safetensors")
    models.get_model(CNN["name"]).load_state_dict(state)
    before, _ = load_tensors(row / "cnn.safetensors")
    assert about["cnn"] == CNN["name"] and not torch.equal(state["conv1.0.weight"], before["conv1.0.weight"])
    assert torch.equal(state["conv1.1.running_mean"], before["conv1.1.running_mean"])
    assert (tuned / "curves.csv").read_text().startswith("epoch,ranking_loss,val_rsum,")
    assert not (tuned / "resume").exists()


def test_the_tuned_row_embeds_with_its_own_features_only(row: Path, tuned: Path, tmp_path: Path) -> None:
    own = tmp_path / "features.h5"
    files = (row / "captions.json", row / "images.h5", CNN, tuned / "cnn.safetensors", FEATURES)
    features(*files, "test", "cpu", 1, tmp_path / "half", own)
    with open_hdf5(own) as file:
        assert file["imgid"][:].tolist() == [114, 115, 116, 117]
    embed(tuned / "row.safetensors", own, row / "tokens.h5", "test", 1, "cpu", tmp_path / "embeddings.h5")
    with open_hdf5(tmp_path / "embeddings.h5") as file:
        assert file["image/abstract"].shape == (4, 10) and file["text/grounded"].shape == (8, 10)
    with pytest.raises(GxnError, match=r"row\.safetensors: was trained on other data than"):
        embed(
            tuned / "row.safetensors",
            row / "features.h5",
            row / "tokens.h5",
            "test",
            1,
            "cpu",
            tmp_path / "x",
        )


def test_a_killed_run_goes_on_and_ends_in_the_same_bytes(
    row: Path, tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch, done = loop._epoch, []

    def killed(*given: Any) -> Any:
        done.append(1)
        if len(done) == 2:
            raise KeyboardInterrupt
        return epoch(*given)

    monkeypatch.setattr(loop, "_epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        finetune(**arguments(row, tmp_path))
    finetune(**arguments(row, tmp_path))
    assert len(done) == 3
    for name in ("cnn.safetensors", "row.safetensors", "curves.csv"):
        assert (tmp_path / name).read_bytes() == (tuned / name).read_bytes()


def test_encoders_change_their_mode_and_the_cnn_stays_in_evaluation_mode(
    row: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for name, mode in (("step", True), ("validate", False)):
        original = getattr(Finetuning, name)

        def checked(self: Finetuning, data: Any, original=original, mode=mode) -> Any:
            seen.append(mode)
            assert all(module.training == mode for module in self.encoders.modules())
            assert not any(module.training for module in self.cnn.modules())
            return original(self, data)

        monkeypatch.setattr(Finetuning, name, checked)
    finetune(**arguments(row, tmp_path))
    assert seen == ([True] * 2 + [False]) * 2


def test_other_features_or_weights_are_refused(row: Path, tuned: Path, tmp_path: Path) -> None:
    with pytest.raises(GxnError, match=r"features\.h5: was made with other weights than"):
        finetune(**arguments(row, tmp_path, weights=tuned / "cnn.safetensors"))
    with pytest.raises(GxnError, match=r"row\.safetensors: was trained on other data than"):
        finetune(**arguments(row, tmp_path, tokens=row / "cnn.safetensors"))


@pytest.mark.slow
def test_two_processes_equal_one_on_the_joined_batch(row: Path, tuned: Path, tmp_path: Path) -> None:
    given = []
    for name, value in arguments(row, tmp_path).items():
        text = str(value) if isinstance(value, str | int | Path) else json.dumps(value)
        given += [f"--{name.replace('_', '-')}", text]
    torchrun = "-m torch.distributed.run --standalone --nproc-per-node 2 -m gxn.steps.finetune".split()
    done = subprocess.run(
        [sys.executable, *torchrun, *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert "Warning" not in done.stdout
    assert done.stdout.count("val_rsum") == 2, "one line an epoch: only the first process speaks"
    for name in ("cnn.safetensors", "row.safetensors"):
        start, one, two = (load_tensors(folder / name)[0] for folder in (row, tuned, tmp_path))
        moved = missed = 0.0
        for key, value in one.items():
            torch.testing.assert_close(two[key], value, rtol=0, atol=1e-5)
            moved += float((value - start[key]).double().square().sum())
            missed += float((two[key] - value).double().square().sum())
        # of squares: a ten-thousandth of the way, and it is less
        assert moved**0.5 > 10 * RATE and missed < 1e-8 * moved, (name, moved, missed)
