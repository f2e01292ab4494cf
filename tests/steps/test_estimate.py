"""The estimate counts what the rules would run, and measures real updates."""

from pathlib import Path

import pytest
import torch
import yaml

from gxn.datasets.downloads import source
from gxn.errors import GxnError
from gxn.steps import estimate
from gxn.training import rates
from gxn.training.rates import Rate, update_rates

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")


@pytest.fixture
def config() -> dict:
    return estimate.merged([ROOT / "params.yaml"])


def test_files_are_laid_over_one_another_key_by_key(tmp_path):
    (tmp_path / "a.yaml").write_text("x: {y: 1, z: 2}\nseeds: [0, 1]\n")
    (tmp_path / "b.yaml").write_text("x: {z: 3}\nseeds: [5]\n")
    assert estimate.merged([tmp_path / "a.yaml", tmp_path / "b.yaml"]) == {
        "x": {"y": 1, "z": 3},
        "seeds": [5],
    }
    with pytest.raises(GxnError, match=r"c.yaml: cannot be read: No such file"):
        estimate.merged([tmp_path / "c.yaml"])


def test_an_unknown_key_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.yaml").write_text("dataset: {nmae: x}\n")
    schema = ROOT / "workflow/schemas/params.schema.yaml"
    with pytest.raises(GxnError, match=r"dataset.nmae: unknown key"):
        estimate.estimate([tmp_path / "a.yaml"], ROOT / "params.yaml", schema)


def test_coco_is_downloaded_unless_it_is_there(tmp_path, monkeypatch):
    config = estimate.merged([ROOT / "params.yaml", ROOT / "config/coco.yaml"])
    monkeypatch.chdir(tmp_path)
    lines = estimate.downloads(config)
    archives = sum(source(name).bytes for name in ("train2014.zip", "val2014.zip", "caption_datasets.zip"))
    weights = 230.434 * 2**20
    assert sum(line.download for line in lines) == pytest.approx(archives + weights, rel=1e-6)
    assert sum(line.disk for line in lines) > 2 * 20e9
    (tmp_path / "data/raw/coco").mkdir(parents=True)
    assert sum(line.download for line in estimate.downloads(config)) < 1e9
    assert estimate.downloads(yaml.safe_load((ROOT / "params.yaml").read_text())) == []


def test_counts_come_from_the_data_or_the_configuration(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scenes = config["scenes"]
    counts = estimate.count(config)
    assert counts.images == scenes["train"] + scenes["val"] + scenes["test"]
    assert counts.captions == 5 * scenes["train"]
    assert counts.words == 200
    own = config | {"dataset": config["dataset"] | {"source": "karpathy", "expect": None}}
    with pytest.raises(GxnError, match=r"dataset.expect: has no train, val, test; state the counts"):
        estimate.count(own)


def test_scenes_and_their_cnn_are_counted_where_they_are_made(config):
    pretrain = config["cnn"]["pretrain"]
    few = pretrain | {"size": 32, "images": 8, "held_out": 2, "batch": 2, "epochs": 1}
    small, cnn = config["scenes"] | {"size": 32}, config["cnn"] | {"pretrain": few}
    (scenes,) = estimate.rendering(config | {"scenes": small})
    assert scenes.step == "make_scenes" and scenes.seconds > 0
    assert scenes.disk == 3 * 32**2 * (small["train"] + small["val"] + small["test"])
    (trained,) = estimate.pretraining(config | {"cnn": cnn}, CPU)
    assert trained.step == "train_cnn" and trained.seconds > 0
    (longer,) = estimate.pretraining(config | {"cnn": cnn | {"pretrain": few | {"epochs": 1000}}}, CPU)
    assert longer.seconds > 10 * trained.seconds
    assert estimate.rendering(config | {"dataset": config["dataset"] | {"source": "karpathy"}}) == []
    assert estimate.pretraining(config | {"cnn": cnn | {"weights": "w.safetensors"}}, CPU) == []


def test_every_stage_is_counted_once(config, monkeypatch):
    rate = dict.fromkeys(("match", "xe", "mix", "draw"), Rate(1.0, 1))
    monkeypatch.setattr(estimate, "update_rates", lambda *_: rate)
    counts = estimate.Counts(100, 10 * config["training"]["batch"], 50, "")
    lines = {line.step.split(",")[0]: line.seconds for line in estimate.training(config, counts, 8, CPU)}
    per_epoch = 10 * len(config["seeds"])
    joint = config["joint"]
    assert lines["warmup two_space"] == per_epoch * config["warmup"]["epochs"]
    assert lines["joint vse0"] == per_epoch * joint["epochs"] * joint["matches"]
    assert lines["joint gxn_i2t_t2i"] == per_epoch * joint["epochs"] * (joint["matches"] + 2)
    assert sum(name.startswith("gan") for name in lines) == 1
    assert len(lines) == len(set(lines)) and sum(name.startswith("joint") for name in lines) == len(
        config["methods"]
    )


def test_a_row_set_to_null_is_left_out(config, monkeypatch):
    monkeypatch.setattr(estimate, "update_rates", lambda *_: {"match": Rate(1.0, 1)})
    rows = {name: row if name == "vsepp" else None for name, row in config["methods"].items()}
    lines = estimate.training(config | {"methods": rows}, estimate.Counts(1, 1280, 1, ""), 8, CPU)
    assert [line.step.split(",")[0] for line in lines] == ["warmup cosine", "joint vsepp"]


def test_updates_are_timed(config):
    small = config | {
        "training": config["training"] | {"batch": 8},
        "drawing": config["drawing"] | {"batch": 4},
    }
    found = update_rates(small, "two_space", features=16, words=40, device=CPU)
    assert set(found) == {"match", "xe", "mix", "draw"}
    assert all(rate.seconds > 0 and rate.memory > 0 for rate in found.values())
    assert found["mix"].memory > found["match"].memory


def test_what_is_timed_lies_in_memory_as_what_is_trained(config, monkeypatch):
    paths = []
    monkeypatch.setattr(rates, "_rate", lambda path, *_: paths.append(path) or Rate(1.0, 1))
    small = config | {"training": config["training"] | {"batch": 8}}
    update_rates(small, "two_space", features=16, words=40, device=CPU)
    assert paths[-1].generator.grow[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_the_table_has_a_sum(capsys):
    estimate.show(
        [estimate.Line("a", 5_000_000, 2_000_000_000, 60.0, 10_000_000), estimate.Line("b", 0, 0, 7200.0)]
    )
    last = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("all"))
    assert last.split()[-8:] == ["5.0", "MB", "2.0", "GB", "2.0", "h", "10.0", "MB"]


def test_tuning_a_cnn_takes_three_passes_per_caption_shared_by_the_processes(config):
    section = config["finetune"] | {"methods": ["vsepp"], "epochs": 2, "processes": 4}
    counts = estimate.Counts(10, 40, 50, "")
    (line,) = estimate.finetuning(config | {"finetune": section, "seeds": [0, 1]}, counts, 0.5)
    assert (line.step, line.seconds) == ("finetune vsepp, 2 seeds", 2 * 2 * 40 * 3 * 0.5 / 4)
