"""The step that scores embeddings: metrics, ranks, and one line where it cannot."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from retrieval import brute_force, embeddings
from small import ENVIRONMENT, ROOT, config_files

from gxn.datasets.labels import Labels, write_labels
from gxn.evaluation.embeddings import write_embeddings
from gxn.evaluation.modality import centroid_gap, probe_accuracy
from gxn.evaluation.protocols import evaluate as evaluated
from gxn.evaluation.retrieval_map import both_ways
from gxn.steps import evaluate as step


@pytest.fixture
def one():
    return embeddings(np.random.default_rng(5), [2, 3, 1, 4], "order")


def call(monkeypatch: pytest.MonkeyPatch, folder: Path, given, protocols=("full",), **changes) -> int:
    """Run the step in this process on embeddings, and return its exit status."""
    write_embeddings(folder / "e.h5", given)
    own = {"dataset": {"name": "toy", "source": {"test": 5000}}, "evaluate": {"protocols": list(protocols)}}
    arguments = {
        "embeddings": folder / "e.h5", "method": "vse0", "seed": 3, "metrics": folder / "m.json",
        "ranks": folder / "r.h5",
    }  # fmt: skip
    words = [f"--{key}={value}" for key, value in (arguments | changes).items() if value is not None]
    words += ["--config", *map(str, config_files(folder / "config", own))]
    monkeypatch.setattr(sys, "argv", ["gxn evaluate", *words])
    try:
        step.main()
    except SystemExit as end:
        return end.code
    return 0


def test_metrics_are_those_of_the_protocol(tmp_path, monkeypatch, one):
    assert call(monkeypatch, tmp_path, one) == 0
    found = json.loads((tmp_path / "m.json").read_text())["protocols"]["full"]
    expected = evaluated(one, "full", floor=True).numbers
    for way in ("i2t", "t2i"):
        assert found[way].items() >= expected[way].items()
    assert found["rsum"] == expected["rsum"]


def test_further_columns_stand_beside_them(tmp_path, monkeypatch, one):
    call(monkeypatch, tmp_path, one)
    found = json.loads((tmp_path / "m.json").read_text())["protocols"]["full"]
    i2t, t2i = brute_force(one)
    assert found["i2t"]["meanr"] == np.mean(i2t)
    assert found["t2i"]["mrr"] == pytest.approx(np.mean(1 / np.array(t2i)))


def test_the_run_is_named(tmp_path, monkeypatch, one):
    call(monkeypatch, tmp_path, one)
    content = json.loads((tmp_path / "m.json").read_text())
    assert (content["dataset"], content["method"], content["seed"]) == ("toy", "vse0", 3)
    assert content["provenance"].items() >= {"config": "c", "data": "d", "seed": 3}.items()


def test_a_row_without_a_seed_has_none(tmp_path, monkeypatch, one):
    seedless = replace(one, provenance={"config": "c", "data": "d"})
    assert call(monkeypatch, tmp_path, seedless, seed=None) == 0
    assert json.loads((tmp_path / "m.json").read_text())["seed"] is None


def test_ranks_are_those_of_all_queries(tmp_path, monkeypatch, one):
    call(monkeypatch, tmp_path, one)
    with h5py.File(tmp_path / "r.h5") as file:
        assert [file["full/i2t"][:].tolist(), file["full/t2i"][:].tolist()] == list(brute_force(one))
        assert file["full/imgid"][:].tolist() == one.imgid.tolist()


def test_the_same_embeddings_give_the_same_bytes(tmp_path, monkeypatch, one):
    call(monkeypatch, tmp_path, one)
    first = [(tmp_path / name).read_bytes() for name in ("m.json", "r.h5")]
    call(monkeypatch, tmp_path, one)
    assert first == [(tmp_path / name).read_bytes() for name in ("m.json", "r.h5")]


def test_one_space_is_not_scored_alone(tmp_path, monkeypatch, one):
    call(monkeypatch, tmp_path, one)
    assert json.loads((tmp_path / "m.json").read_text())["spaces"] == {}


def test_each_of_several_is(tmp_path, monkeypatch):
    both = embeddings(np.random.default_rng(5), [2, 3, 1, 4], "order", spaces=2)
    assert call(monkeypatch, tmp_path, both) == 0
    spaces = json.loads((tmp_path / "m.json").read_text())["spaces"]
    assert list(spaces) == ["abstract", "grounded"]
    for place, numbers in enumerate(spaces.values()):
        single = replace(both, images=[both.images[place]], texts=[both.texts[place]], weights=[1.0])
        i2t, t2i = brute_force(single)
        assert numbers["full"]["i2t"]["meanr"] == np.mean(i2t)
        assert numbers["full"]["t2i"]["meanr"] == np.mean(t2i)


def labels(folder, count, source="facts"):
    """Two labels of images 0, 1, ...; the last one has none."""
    multi_hot = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], np.uint8)[np.arange(count) % 4]
    write_labels(folder / "l.h5", np.arange(count), Labels(multi_hot, ("a", "b"), source))
    return multi_hot


def test_true_labels_add_their_columns_and_count_queries_without_any(tmp_path, monkeypatch, one):
    one = replace(one, imgid=np.arange(4))
    multi_hot = labels(tmp_path, 4)
    assert call(monkeypatch, tmp_path, one, labels=tmp_path / "l.h5") == 0
    found = json.loads((tmp_path / "m.json").read_text())["protocols"]["full"]
    for way, precision in zip(("i2t", "t2i"), both_ways(one, multi_hot), strict=True):
        assert found[way]["map"] == precision.summary()["map"]
        assert found[way]["map_r"] == precision.summary()["map_r"]
    assert [found[way]["unlabelled"] for way in ("i2t", "t2i")] == [1, 4]


def test_without_labels_there_are_no_columns_of_them(tmp_path, monkeypatch, one):
    call(monkeypatch, tmp_path, one)
    assert "map" not in json.loads((tmp_path / "m.json").read_text())["protocols"]["full"]["i2t"]


def test_no_precision_is_taken_over_pseudo_labels(tmp_path, monkeypatch, capsys, one):
    one = replace(one, imgid=np.arange(4))
    labels(tmp_path, 4, "clusters")
    assert call(monkeypatch, tmp_path, one, labels=tmp_path / "l.h5") == 2
    assert "contains clusters, which are pseudo-labels; mAP needs true labels" in capsys.readouterr().err
    assert not (tmp_path / "m.json").exists()


def test_each_space_has_its_probe_and_its_gap(tmp_path, monkeypatch):
    both = embeddings(np.random.default_rng(5), [2, 3, 1, 4], "order", spaces=2)
    call(monkeypatch, tmp_path, both)
    found = json.loads((tmp_path / "m.json").read_text())["modality"]
    for place, space in enumerate(("abstract", "grounded")):
        images, texts = both.images[place], both.texts[place]
        assert found[space]["gap"] == centroid_gap(images, texts)
        assert found[space]["probe"] == probe_accuracy(images, texts, both.caption_image)


FAULTS = {
    "wrong seed": ({"seed": 4}, lambda one: None, "made with seed 3, not 4"),
    "protocol that does not suit": (
        {"protocols": ["full", "5k"]},
        lambda one: None,
        "5k needs exactly 5,000",
    ),
    "no protocol": ({"protocols": []}, lambda one: None, "evaluate.protocols: must be a list of at least 1"),
    "NaN": ({}, lambda one: one.images[0].fill(np.nan), "e.h5: contains a number that is not finite"),
    "collapse": ({}, lambda one: one.texts[0].fill(1.0), "e.h5"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_fails_in_one_line_and_writes_nothing(tmp_path, monkeypatch, capsys, one, fault):
    changes, damage, message = FAULTS[fault]
    damage(one)
    assert call(monkeypatch, tmp_path, one, **changes) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and message in said
    assert {path.name for path in tmp_path.iterdir()} == {"e.h5", "config"}


def test_it_starts_without_torch():
    check = "import sys, gxn.steps.evaluate; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, env=ENVIRONMENT).returncode == 0
