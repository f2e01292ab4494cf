"""The step that trains a row by another objective than ranking."""

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import Killed, kill_after, train

from gxn.costs import read_cost
from gxn.datasets.labels import Labels, write_labels
from gxn.errors import GxnError
from gxn.evaluation.embeddings import read_embeddings
from gxn.files import load_tensors
from gxn.steps import train_system

COSINE = {
    "encoders": {
        "cosine": {
            "spaces": ["grounded"],
            "similarity": "cosine",
            "abstract_weight": 0.5,
            "loss": {"kind": "hinge", "margin": 0.2},
        }
    },
    "pretrain_ranking": {"epochs": 2},
    "methods": {
        "corr": {"kind": "correspondence", "encoder": "cosine", "alphas": [0.2, 0.8]},
        "acmr": {"kind": "adversarial", "encoder": "cosine"},
    },
}
ROWS = ("corr", "acmr")


@pytest.fixture
def labels(data):
    """Three labels of the images, in turn."""
    multi_hot = np.eye(3, dtype=np.uint8)[np.arange(24) % 3]
    write_labels(data / "labels.h5", np.arange(100, 124), Labels(multi_hot, ("a", "b", "c"), "facts"))
    return {"labels": data / "labels.h5"}


def row(data, out, name, labels, *changes):
    files = labels if name == "acmr" else {}
    embeddings = {"embeddings": data / f"{out}.h5"}
    return train(data, out, "system", name, COSINE, *changes, step=train_system, **files, **embeddings)


@pytest.mark.parametrize("name", ROWS)
def test_the_updates_are_those_of_warm_up_and_joint_stage(data, labels, name, capsys):
    path = row(data, "a", name, labels)
    curves = pd.read_csv(path.with_suffix(".csv"))
    assert curves.epoch.tolist() == [1, 2, 3, 4] and curves.val_rsum.notna().all()
    (data / "log").write_text(capsys.readouterr().out)
    cost = read_cost(data / "log")
    assert cost.updates == 4 * (2 + 2 * 2)  # four batches; two updates on each in the joint stage
    tensors = load_tensors(path)[0]
    buffers = ("guard", "_mean", "_error", "_centre")
    counted = sum(each.numel() for key, each in tensors.items() if not any(part in key for part in buffers))
    assert cost.parameters == counted


@pytest.mark.parametrize("name", ROWS)
def test_the_batches_are_those_of_the_other_rows(data, labels, name, monkeypatch):
    from gxn.training.data import Split

    seen, whole = [], Split.batches

    def batches(self, size, seed, epoch):
        seen.append((seed, epoch))
        return whole(self, size, seed, epoch)

    monkeypatch.setattr(Split, "batches", batches)
    row(data, "a", name, labels)
    warmups = 2 if name == "corr" else 1
    assert seen == [(3, 0), (3, 1)] * warmups + [(3, 0), (3, 1)]


@pytest.mark.parametrize("name", ROWS)
def test_the_test_split_is_embedded_at_length_1(data, labels, name):
    row(data, "a", name, labels)
    found = read_embeddings(data / "a.h5")
    assert (found.spaces, found.similarity, found.split) == (["grounded"], "cosine", "test")
    assert np.allclose(np.linalg.norm(found.texts[0], axis=1), 1, atol=1e-5)


def test_alpha_is_that_of_the_best_warm_up(data, labels, capsys):
    metadata = load_tensors(row(data, "a", "corr", labels))[1]
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("alpha ")]
    scores = {float(line.split()[1].rstrip(":")): float(line.split()[-1]) for line in said}
    assert list(scores) == [0.2, 0.8] and scores[metadata["alpha"]] == max(scores.values())


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("saves", [1, 3, 5])
def test_a_run_that_is_killed_ends_with_the_same_bytes(data, labels, monkeypatch, name, saves):
    whole = row(data, "whole", name, labels)
    total = 6 if name == "corr" else 4
    if saves >= total:
        pytest.skip("it would be done")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, saves)
        row(data, "parts", name, labels)
    assert not (data / "parts.safetensors").exists()
    torch.manual_seed(999)
    parts = row(data, "parts", name, labels)
    for suffix in (".safetensors", ".csv", ".h5"):
        assert parts.with_suffix(suffix).read_bytes() == whole.with_suffix(suffix).read_bytes()
    assert not (data / "scratch" / "parts").exists()


def test_labels_are_needed_where_they_are_learnt(data):
    with pytest.raises(GxnError, match=r"^row acmr: learns labels, so it needs --labels$"):
        train(data, "a", "system", "acmr", COSINE, step=train_system)


def test_a_row_of_another_kind_is_refused(data):
    with pytest.raises(
        GxnError, match=r"^--name: there is no row 'plain' with a system; there are corr, acmr$"
    ):
        train(data, "a", "system", "plain", COSINE, step=train_system)
