"""The step that imagines the test split."""

import json
from pathlib import Path

import numpy as np
import pytest
from small import config_files
from tiny import SPLITS, TINY, train, write_data

from gxn.hdf5 import open_hdf5
from gxn.steps.imagine import Arguments, imagine

METRICS = {"cider_d", "cider_d_chance", "bleu4", "rouge_l", "cider", "distinct"}


@pytest.fixture(scope="module")
def place(pretrained_data, tmp_path_factory) -> Path:
    """A folder with a row that imagines both ways, and with the dataset's captions."""
    folder = write_data(tmp_path_factory.mktemp("imagine"))
    files = {name: path for name, path in pretrained_data.items() if name != "data"}
    for row in ("both", "captions", "draws"):
        train(folder, row, "joint", row, {"joint": {"epochs": 1}}, **files)
    images = [
        {"imgid": 100 + row, "split": split, "sentences": [{"sentid": 10 * row + k} for k in range(3)]}
        for row, split in enumerate(SPLITS)
    ]
    (folder / "captions.json").write_text(json.dumps({"images": images}))
    return folder


def imagined(place: Path, out: Path, row: str, **changes) -> dict:
    given = {
        "config": config_files(out / "config", TINY, {"evaluate": {"meteor": False}}),
        "checkpoint": place / f"{row}.safetensors",
        "captions": place / "captions.json",
        "features": place / "features.h5",
        "tokens": place / "tokens.h5",
        "frequencies": place / "frequencies.h5",
        "method": row,
        "seed": 0,
        "out_captions": out / f"{row}.json",
        "out_drawings": out / f"{row}.h5",
    }
    imagine(Arguments(**given | changes))
    return json.loads((out / f"{row}.json").read_text())


def test_every_test_image_has_a_caption(place, tmp_path):
    found = imagined(place, tmp_path, "both")
    assert set(found["captions"]) == {str(imgid) for imgid in range(118, 124)}


def test_captions_are_measured(place, tmp_path):
    assert imagined(place, tmp_path, "both")["metrics"].keys() >= METRICS


def test_the_first_caption_of_every_test_image_is_drawn(place, tmp_path):
    imagined(place, tmp_path, "both")
    with open_hdf5(tmp_path / "both.h5") as file:
        assert file["images"].shape == (6, 3, 16, 16) and file["images"].dtype == np.uint8
        assert file["sentid"][:].tolist() == [10 * row for row in range(18, 24)]


def test_the_run_is_named(place, tmp_path):
    found = imagined(place, tmp_path, "both")
    assert (found["dataset"], found["method"], found["seed"]) == ("tiny", "both", 0)


def test_a_row_that_draws_alone_has_no_captions(place, tmp_path):
    found = imagined(place, tmp_path, "draws")
    assert "captions" not in found and not METRICS & found["metrics"].keys()


def test_a_row_that_captions_alone_has_no_drawings(place, tmp_path):
    imagined(place, tmp_path, "captions")
    with open_hdf5(tmp_path / "captions.h5") as file:
        assert list(file) == []


def test_a_collapse_is_a_warning_on_the_screen_and_in_the_file(place, tmp_path, monkeypatch, capsys):
    from gxn.steps import imagine as module

    monkeypatch.setattr(module, "decoder_warnings", lambda metrics: ["all captions are alike"])
    found = imagined(place, tmp_path, "both")
    assert found["warnings"] == ["all captions are alike"]
    assert "warning: both, seed 0: all captions are alike; train it longer" in capsys.readouterr().err


def test_a_control_that_is_shuffled_is_not_called_collapsed(place, tmp_path, monkeypatch):
    from gxn.steps import imagine as module

    monkeypatch.setattr(module, "decoder_warnings", lambda metrics: ["all captions are alike"])
    shuffled = {"methods": {"both": {"shuffled": True}}}
    config = config_files(tmp_path / "control", TINY, {"evaluate": {"meteor": False}}, shuffled)
    assert imagined(place, tmp_path, "both", config=config)["warnings"] == []


def test_drawings_are_judged_by_encoders(place, pretrained_data, tmp_path, monkeypatch):
    from gxn.steps import imagine as module

    def features(images, *_):
        return images.reshape(len(images), -1)[:, :16].astype(np.float32)

    monkeypatch.setattr(module, "picture_features", features)
    files = {"gan_images": pretrained_data["gan_images"]}
    assert imagined(place, tmp_path / "a", "draws", **files)["metrics"].keys() == {"spread"}
    files |= {"encoders": pretrained_data["encoders"], "weights": place / "cnn.safetensors"}
    metrics = imagined(place, tmp_path / "b", "draws", **files)["metrics"]
    assert metrics["r_precision_chance"] == 1 / 6 and 0 <= metrics["r_precision"] <= 1
    found = imagined(place, tmp_path / "c", "captions", **files)["metrics"]
    assert not {"spread", "r_precision"} & found.keys()


def test_drawings_that_are_all_alike_are_a_warning(place, pretrained_data, tmp_path, monkeypatch, capsys):
    from gxn.steps import imagine as module

    monkeypatch.setattr(module, "spread", lambda *_: 0.01)
    found = imagined(place, tmp_path, "draws", gan_images=pretrained_data["gan_images"])
    assert "nearly all alike" in found["warnings"][0] and "nearly all alike" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_bytes(place, tmp_path):
    for name in ("a", "b"):
        imagined(place, tmp_path / name, "both")
    for suffix in ("json", "h5"):
        assert (tmp_path / f"a/both.{suffix}").read_bytes() == (tmp_path / f"b/both.{suffix}").read_bytes()
