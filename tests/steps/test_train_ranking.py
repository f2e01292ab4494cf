"""The step that trains encoders by their ranking loss."""

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import Killed, kill_after, train

from gxn.errors import GxnError
from gxn.files import load_tensors
from gxn.hdf5 import create_hdf5, open_hdf5
from gxn.steps import train_ranking
from gxn.training import resume

FOUR = {"pretrain_ranking": {"epochs": 4}, "joint": {"epochs": 4, "lr_decay_epoch": 1}}


def pretrain(data, out: str, *changes: dict, **files):
    return train(data, out, "pretrain_ranking", "two_space", *changes, **files)


def joint(data, out: str, *changes: dict, **files):
    return train(data, out, "joint", "plain", *changes, step=train_ranking, **files)


def test_the_ranking_is_learnt(data):
    pretrain(data, "a", {"pretrain_ranking": {"epochs": 25}})
    losses = pd.read_csv(data / "a.csv").ranking_loss
    assert losses.iloc[-1] < 0.5 * losses.iloc[0]


def test_it_starts_from_the_checkpoint_that_is_given(data, pretrained):
    started, fresh = joint(data, "a", encoders=pretrained["encoders"]), joint(data, "b")
    losses = [pd.read_csv(path.with_suffix(".csv")).ranking_loss[0] for path in (started, fresh)]
    assert losses[0] < losses[1]


def test_as_many_updates_are_made_on_a_batch_as_are_asked_for(data):
    once, twice = (
        joint(data, out, {"joint": {"ranking_steps_per_batch": steps, "epochs": 1}})
        for out, steps in (("a", 1), ("b", 2))
    )
    one, two = (load_tensors(path)[0]["encoders.image.grounded.weight"] for path in (once, twice))
    assert not torch.equal(one, two)


@pytest.mark.parametrize("stage", [pretrain, joint])
def test_a_run_that_is_killed_ends_with_the_same_bytes(data, monkeypatch, stage):
    whole = stage(data, "whole", FOUR)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 2)
        stage(data, "parts", FOUR)
    assert not (data / "parts.safetensors").exists()
    torch.manual_seed(999)  # nothing may depend on the state of the process that goes on
    parts = stage(data, "parts", FOUR)
    for suffix in (".safetensors", ".csv"):
        assert parts.with_suffix(suffix).read_bytes() == whole.with_suffix(suffix).read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"pretrain_ranking": {"max_grad_norm": 1.5}},
        {"encoders": {"two_space": {"loss": {"kind": "hardest", "margin": 0.05}}}},
        {"training": {"val_subset": 3}},
    ],
)
def test_a_state_left_by_another_configuration_is_no_start(data, monkeypatch, capsys, change):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 1)
        pretrain(data, "a", FOUR)
    found, expected = pretrain(data, "a", FOUR, change), pretrain(data, "b", FOUR, change)
    assert (
        "was left by another configuration, other data or other code; starting over"
        in capsys.readouterr().out
    )
    assert found.read_bytes() == expected.read_bytes()


def test_a_state_left_by_other_code_is_no_start(data, monkeypatch, capsys):
    from gxn import code

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(code, "digest", lambda *modules: "other")
        kill_after(patch, 1)
        pretrain(data, "a", FOUR)
    pretrain(data, "a", FOUR)
    assert "other code; starting over" in capsys.readouterr().out


def test_a_state_left_by_the_code_that_is_named_is_a_start(data, monkeypatch, capsys):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 1)
        train(data, "a", "pretrain_ranking", "two_space", FOUR, code="named")
    train(data, "a", "pretrain_ranking", "two_space", FOUR, code="named")
    assert "resumed after epoch 1" in capsys.readouterr().out


def test_the_code_of_the_chosen_plugins_counts(data, monkeypatch):
    from gxn import code

    seen = []
    monkeypatch.setattr(code, "digest", lambda *modules: seen.append(modules) or "x")
    pretrain(data, "a")
    poolings = ("gxn.models.poolings.last", "gxn.models.poolings.mean")
    assert seen == [("gxn.steps.train_ranking", "gxn.losses.ranking.hinge", *poolings)]


@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_a_damaged_state_starts_anew(data, monkeypatch, capsys, damage):
    whole = pretrain(data, "whole", FOUR)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 2)
        pretrain(data, "parts", FOUR)
    state = data / "scratch" / "parts" / "last.pt"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content if damage == "flipped" else content[:1000])
    parts = pretrain(data, "parts", FOUR)
    assert "cannot be read" in capsys.readouterr().out
    assert parts.read_bytes() == whole.read_bytes()


def test_an_epoch_is_chosen_on_the_first_validation_images(data):
    pretrain(data, "all")
    pretrain(data, "three", {"training": {"val_subset": 3}})
    whole, part = (pd.read_csv(data / f"{name}.csv") for name in ("all", "three"))
    assert (whole.ranking_loss == part.ranking_loss).all()
    assert (part.val_t2i_r10 == 100).all()  # of three images each is among the first ten


def test_embeddings_that_collapse_stop_the_stage(data):
    with create_hdf5(data / "same.h5", {}) as file, open_hdf5(data / "features.h5") as features:
        file["features"], file["imgid"] = np.ones((24, 16), np.float32), features["imgid"][:]
    with pytest.raises(GxnError, match=r"image embeddings: all 6 are the same\. The model has collapsed"):
        pretrain(data, "a", features=data / "same.h5")
    assert not (data / "a.safetensors").exists()


def test_a_batch_larger_than_the_split_is_refused(data):
    with pytest.raises(GxnError, match=r"^training\.batch_size: 64 .* 36 captions of the train split"):
        pretrain(data, "a", {"training": {"batch_size": 64}})


def test_a_loss_that_explodes_leaves_no_checkpoint(data, monkeypatch):
    monkeypatch.setattr(resume, "LARGEST", 0.01)
    with pytest.raises(GxnError, match=r"^ranking_loss is \S+ at step 1 of epoch 1; batch of sentids"):
        pretrain(data, "a")
    assert not (data / "a.safetensors").exists()


def test_a_wrong_stage_is_refused(data):
    with pytest.raises(GxnError, match=r"^--stage: must be one of pretrain_ranking, .*, not 'warmup'$"):
        train(data, "a", "warmup", "two_space", step=train_ranking)
