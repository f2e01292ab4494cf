"""Estimate of training: every stage is counted once."""

import pytest
import torch
from small import configuration
from tiny import TINY

from gxn.estimation import training as module
from gxn.estimation.data import Counts
from gxn.estimation.training import JOB_SECONDS, finetuning, pretraining, training
from gxn.training.rates import Rate

CPU = torch.device("cpu")
SECOND = dict.fromkeys(("match", "xe", "mix", "draw", "tie"), Rate(1.0, 1))
OWN = {
    "seeds": [0, 1, 2],
    "pretrain_ranking": {"epochs": 4}, "pretrain_xe": {"epochs": 8}, "pretrain_scst": {"epochs": 5},
    "pretrain_gan": {"epochs": 12}, "joint": {"epochs": 3, "ranking_steps_per_batch": 2},
    "methods": {"captions": {"joint": {"epochs": 7}}},
}  # fmt: skip


@pytest.fixture
def seconds(monkeypatch):
    """Seconds of each stage, by its name, when an update takes one and an epoch has ten."""

    def of(*changes: dict) -> dict[str, float]:
        monkeypatch.setattr(module, "update_rates", lambda *_: SECOND)
        lines = training(configuration(TINY, OWN, *changes), Counts(100, 10 * 8 + 3, 50, 11.0, ""), 8, CPU)
        return {line.step: line.seconds for line in lines}

    return of


@pytest.mark.parametrize(
    ("stage", "updates"),
    [
        ("pretrain_ranking two_space", 4),
        ("pretrain_xe two_space", 8),
        ("pretrain_scst two_space", 5),
        ("pretrain_gan two_space", 12),
        ("joint plain", 3 * 2),
        ("joint captions", 7 * (2 + 1)),
        ("joint draws", 3 * (2 + 1)),
        ("joint both", 3 * (2 + 2)),
    ],
)
def test_a_stage_takes_its_updates_for_every_seed(seconds, stage, updates):
    assert seconds()[f"{stage}, 3 seeds"] == 3 * (JOB_SECONDS + 10 * updates)


def test_a_stage_that_rows_share_is_counted_once(seconds):
    assert sum(name.startswith("pretrain_gan") for name in seconds()) == 1


def test_every_row_is_counted(seconds):
    found = [name for name in seconds() if name.startswith("joint")]
    assert len(found) == len(configuration(TINY).rows)


def test_a_row_set_to_null_is_left_out(seconds):
    assert "joint draws, 3 seeds" not in seconds({"methods": {"draws": None}})


def test_so_is_a_stage_that_no_row_needs(seconds):
    rows = {name: None for name in configuration(TINY).methods if name != "plain"}
    found = seconds({"methods": rows, "significance": {"control": "plain"}})
    assert list(found) == ["pretrain_ranking two_space, 3 seeds", "joint plain, 3 seeds"]


SMALL = {
    "cnn": {"pretrain": {"size": 32, "images": 8, "held_out": 2, "batch_size": 2, "epochs": 1}},
    "features": {"crop": 32},
}


class TestPretraining:
    def test_a_cnn_that_is_trained_here_is_counted(self):
        (line,) = pretraining(configuration(SMALL), CPU)
        assert line.step == "train_cnn" and line.seconds > 0 and line.memory > line.disk > 0

    def test_more_epochs_take_longer(self):
        long = {"cnn": {"pretrain": {"epochs": 1000}}}
        found = [pretraining(configuration(SMALL, each), CPU)[0].seconds for each in ({}, long)]
        assert found[1] > 10 * found[0]

    def test_one_that_is_brought_is_not(self):
        assert pretraining(configuration(SMALL, {"cnn": {"weights": "w.safetensors"}}), CPU) == []


@pytest.mark.parametrize(("seeds", "words"), [([4], "1 seed"), ([4, 5], "2 seeds")])
def test_seeds_are_counted_in_words(seeds, words):
    config = configuration(TINY, {"finetune": {"methods": ["plain"]}, "seeds": seeds})
    assert [line.step for line in finetuning(config, Counts(9, 9, 9, 9.0, ""), 1.0)] == [
        f"finetune plain, {words}"
    ]


def test_tuning_a_cnn_takes_three_passes_per_caption_shared_by_the_processes():
    own = {"finetune": {"methods": ["plain"], "epochs": 2, "processes": 4}, "seeds": [0, 1]}
    (line,) = finetuning(configuration(TINY, own), Counts(10, 40, 50, 11.0, ""), 0.5)
    assert (line.step, line.seconds) == ("finetune plain, 2 seeds", 2 * 2 * 40 * 3 * 0.5 / 4)
