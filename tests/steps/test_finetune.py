"""Fine-tuning as a step: its files, resumption, and two processes that equal one on the joined batch."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small import ENVIRONMENT, config_files
from tiny import TINY, Killed, kill_after, train
from torchvision import models

from gxn.datasets.captions import read_captions
from gxn.datasets.tokens import build_vocabulary, write_tokens
from gxn.errors import GxnError
from gxn.files import load_tensors, save_tensors
from gxn.hdf5 import create_hdf5, open_hdf5
from gxn.steps import embed, features, train_ranking
from gxn.steps.finetune import Arguments, finetune
from gxn.training.finetuning import Finetuning

CNN = "shufflenet_v2_x0_5"
RATE = 2e-5
SETTINGS = {
    "cnn": {"name": CNN, "layer": "pool", "pretrain": {"size": 32}},
    "features": {"resize": None, "crops": "center", "crop": 32, "batch_size": 8},
    "joint": {"epochs": 1, "learning_rate": 1e-3, "ranking_steps_per_batch": 1},
    "finetune": {
        "methods": ["plain"], "epochs": 2, "lr_cnn": RATE, "learning_rate": RATE, "lr_decay_epoch": None,
        "crop_min_area": 0.5, "flip": False, "max_grad_norm": 2.0,
    },
}  # fmt: skip
NAMES = ("cnn.safetensors", "row.safetensors", "curves.csv")


def features_of(folder: Path, weights: Path, out: Path, split: str | None = None) -> None:
    """The step that computes features, on the images of a folder."""
    features.features(
        features.Arguments(
            config=config_files(out.parent / f"{out.name}.config", TINY, SETTINGS),
            captions=folder / "captions.json",
            images=folder / "images.h5",
            weights=weights,
            resume=out.parent / f"{out.name}.half",
            out=out,
            split=split,
        )
    )


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
    save_tensors(folder / "cnn.safetensors", models.get_model(CNN).state_dict(), {})
    features_of(folder, folder / "cnn.safetensors", folder / "features.h5")
    train(folder, "row", "joint", "plain", SETTINGS, step=train_ranking)
    return folder


def arguments(row: Path, out: Path, **changes: Any) -> Arguments:
    given = {
        "config": config_files(out / "config", TINY, SETTINGS), "name": "plain",
        "checkpoint": row / "row.safetensors", "weights": row / "cnn.safetensors", "images": row / "images.h5",
        "captions": row / "captions.json", "tokens": row / "tokens.h5", "features": row / "features.h5",
        "seed": 3, "resume": out / "resume", "curves": out / "curves.csv",
        "out_cnn": out / "cnn.safetensors", "out": out / "row.safetensors",
    }  # fmt: skip
    return Arguments(**given | changes)


@pytest.fixture(scope="module")
def tuned(row: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of one process."""
    out = tmp_path_factory.mktemp("tuned")
    finetune(arguments(row, out))
    return out


def test_the_tuned_cnn_fits_torchvision(tuned: Path) -> None:
    state, about = load_tensors(tuned / "cnn.safetensors")
    models.get_model(CNN).load_state_dict(state)
    assert about["cnn"] == CNN


def test_its_weights_have_moved_and_its_statistics_have_not(row: Path, tuned: Path) -> None:
    before, after = (load_tensors(folder / "cnn.safetensors")[0] for folder in (row, tuned))
    assert not torch.equal(after["conv1.0.weight"], before["conv1.0.weight"])
    assert torch.equal(after["conv1.1.running_mean"], before["conv1.1.running_mean"])


def test_an_epoch_is_a_line_of_the_curves(tuned: Path) -> None:
    lines = (tuned / "curves.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,ranking_loss,val_rsum,") and len(lines) == 3


def test_no_state_is_left(tuned: Path) -> None:
    assert not (tuned / "resume").exists()


def embedding(row: Path, tuned: Path, own: Path, out: Path) -> None:
    embed.embed(
        embed.Arguments(
            config=config_files(out.parent / "config", TINY),
            checkpoint=tuned / "row.safetensors",
            features=own,
            tokens=row / "tokens.h5",
            out=out,
        )
    )


def test_the_tuned_row_embeds_with_the_features_of_its_own_cnn(
    row: Path, tuned: Path, tmp_path: Path
) -> None:
    own = tmp_path / "features.h5"
    features_of(row, tuned / "cnn.safetensors", own, "test")
    embedding(row, tuned, own, tmp_path / "embeddings.h5")
    with open_hdf5(tmp_path / "embeddings.h5") as file:
        assert file["image/abstract"].shape == (4, 10) and file["text/grounded"].shape == (8, 10)


def test_and_with_no_other(row: Path, tuned: Path, tmp_path: Path) -> None:
    with pytest.raises(GxnError, match=r"row\.safetensors: was trained on other data than"):
        embedding(row, tuned, row / "features.h5", tmp_path / "x")


def test_a_run_that_is_killed_ends_with_the_same_bytes(
    row: Path, tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 1)
        finetune(arguments(row, tmp_path))
    torch.manual_seed(999)
    finetune(arguments(row, tmp_path))
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (tuned / name).read_bytes()


def test_a_state_of_other_photographs_is_no_start(
    row: Path, tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 1)
        finetune(arguments(row, tmp_path))
    with open_hdf5(row / "images.h5") as old, create_hdf5(tmp_path / "images.h5", {}) as new:
        new["images"], new["imgid"] = 255 - old["images"][:], old["imgid"][:]
    finetune(arguments(row, tmp_path, images=tmp_path / "images.h5"))
    assert "other data or other code; starting over" in capsys.readouterr().out


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
    finetune(arguments(row, tmp_path))
    assert seen == ([True] * 2 + [False]) * 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"weights": "cnn"},
            r"features\.h5: was made with other weights than .*cnn\.safetensors; make it again",
        ),
        ({"tokens": "cnn"}, r"row\.safetensors: was trained on other data than"),
    ],
)
def test_other_files_than_the_rows_are_refused(
    row: Path, tuned: Path, tmp_path: Path, changes, message
) -> None:
    files = {name: tuned / f"{file}.safetensors" for name, file in changes.items()}
    with pytest.raises(GxnError, match=message):
        finetune(arguments(row, tmp_path, **files))


@pytest.mark.slow
def test_two_processes_equal_one_on_the_joined_batch(row: Path, tuned: Path, tmp_path: Path) -> None:
    given = []
    for name, value in vars(arguments(row, tmp_path)).items():
        values = value if isinstance(value, tuple) else [value]
        given += [f"--{name.replace('_', '-')}", *map(str, values)]
    torchrun = "-m torch.distributed.run --standalone --nproc-per-node 2 -m gxn.steps.finetune".split()
    done = subprocess.run(
        [sys.executable, *torchrun, *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        env=ENVIRONMENT,
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
