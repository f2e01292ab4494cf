"""Features equal those of one forward pass, whatever the order, the batch or the kill in between."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import nn

from gxn.datasets.captions import read_captions
from gxn.datasets.images import open_images
from gxn.errors import GxnError
from gxn.features.cnn import build, load_cnn, normalise
from gxn.features.extract import FeaturesConfig, Rows, extract, fingerprint
from gxn.features.store import read_features
from gxn.files import create_hdf5, hdf5_metadata, read_json, save_tensors, sha256, write_json
from gxn.steps import features as step

COUNT = 23
SECTION = {
    "resize": None,
    "crops": "1C",
    "crop": 64,
    "precision": "float32",
    "arithmetic": "float32",
    "batch": 4,
}
CNN = {"name": "squeezenet1_1", "layer": "pool"}


class Mean(nn.Module):
    """A network whose feature is the mean colour."""

    def forward(self, images):
        return images.mean((2, 3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A small dataset of 64 x 64 images and random weights."""
    path = tmp_path_factory.mktemp("extract")
    pixels = np.random.default_rng(0).integers(0, 256, (COUNT, 64, 64, 3), dtype=np.uint8)
    ids = np.arange(COUNT) * 3
    with create_hdf5(path / "images.h5", {}) as file:
        file["images"], file["imgid"] = pixels[::-1], ids[::-1]
    sentences = [{"sentid": 0, "tokens": ["a"]}]
    images = [
        {"filename": f"{id}.png", "imgid": int(id), "split": "train", "sentences": sentences} for id in ids
    ]
    write_json(path / "captions.json", {"images": images})
    torch.manual_seed(0)
    save_tensors(path / "weights.safetensors", build("squeezenet1_1", None).state_dict(), {})
    return path


def call(folder: Path, out: Path, **section) -> None:
    """The step, in this process."""
    weights = folder / "weights.safetensors"
    inputs = (folder / "captions.json", folder / "images.h5", CNN, weights, SECTION | section)
    step.features(*inputs, None, "cpu", 1, out.parent / f"{out.name}.resume", out)


def test_features_are_those_of_one_forward_pass(folder, tmp_path):
    call(folder, tmp_path / "f.h5")
    records, source = read_captions(folder / "captions.json"), open_images(folder / "images.h5")
    network, dim = load_cnn("squeezenet1_1", "pool", folder / "weights.safetensors")
    pixels = torch.from_numpy(np.stack([source.read(record) for record in records]))
    with torch.inference_mode():
        expected = network(normalise(pixels.permute(0, 3, 1, 2)))
    ids = np.array([record.imgid for record in records])
    found = read_features(tmp_path / "f.h5", ids)
    assert found.shape == (COUNT, dim)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    with h5py.File(tmp_path / "f.h5") as file:
        assert (file["imgid"][:] == ids).all()
        metadata = hdf5_metadata(file)
    assert metadata["weights"] == sha256(folder / "weights.safetensors")
    assert metadata["cnn"] == "squeezenet1_1" and metadata["transform"]["crop"] == 64
    assert not (tmp_path / "f.h5.resume").exists()


def test_half_precision_is_the_rounded_feature(folder, tmp_path):
    call(folder, tmp_path / "f32.h5")
    call(folder, tmp_path / "f16.h5", precision="float16")
    ids = np.arange(COUNT) * 3
    single, half = (read_features(tmp_path / name, ids) for name in ("f32.h5", "f16.h5"))
    assert (half == single.astype(np.float16)).all()


def test_ten_crops_are_averaged(folder):
    records, source = read_captions(folder / "captions.json"), open_images(folder / "images.h5")
    config = FeaturesConfig(None, "10C", 48, "float32", "float32", 20)
    found = np.concatenate(list(extract(Mean(), records, source, config, torch.device("cpu"), 2)))
    pixels = torch.from_numpy(source.read(records[7])).permute(2, 0, 1)[None]
    places = [(0, 0), (0, 16), (16, 0), (16, 16), (8, 8)]
    means = [normalise(pixels[:, :, top : top + 48, left : left + 48]).mean((2, 3)) for top, left in places]
    np.testing.assert_allclose(found[7], torch.stack(means).mean(0)[0], rtol=1e-4, atol=1e-6)


def test_bfloat16_is_near(folder):
    records, source = read_captions(folder / "captions.json"), open_images(folder / "images.h5")
    network, _ = load_cnn("squeezenet1_1", "pool", folder / "weights.safetensors")
    device = torch.device("cpu")
    exact, rough = (
        np.concatenate(list(extract(network, records[:4], source, config, device, 1)))
        for config in (FeaturesConfig(**SECTION), FeaturesConfig(**SECTION | {"arithmetic": "bfloat16"}))
    )
    assert 0 < np.abs(exact - rough).max() < 0.05 * np.abs(exact).max()


@pytest.mark.parametrize("batches", [0, 1, 3, 5])
def test_an_interrupted_run_ends_with_the_same_bytes(folder, tmp_path, batches, monkeypatch, capsys):
    call(folder, tmp_path / "whole.h5")
    written = Rows.append

    def die(rows: Rows, block: np.ndarray) -> None:
        nonlocal batches
        if batches == 0:
            with open(rows.path, "ab") as file:  # half of a row, as a kill in a write leaves it
                file.write(b"\1" * 1000)
            raise KeyboardInterrupt
        batches -= 1
        written(rows, block)

    done = 4 * batches
    monkeypatch.setattr(Rows, "append", die)
    with pytest.raises(KeyboardInterrupt):
        call(folder, tmp_path / "cut.h5")
    assert not (tmp_path / "cut.h5").exists()
    monkeypatch.setattr(Rows, "append", written)
    call(folder, tmp_path / "cut.h5")
    assert (f"resumed after image {done} of {COUNT}" in capsys.readouterr().out) == (done > 0)
    assert (tmp_path / "cut.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_work_of_another_recipe_is_thrown_away(tmp_path):
    rows = Rows(tmp_path / "state", "one", 3, np.float32)
    rows.append(np.ones((4, 3), np.float32))
    assert Rows(tmp_path / "state", "one", 3, np.float32).begin(4, 10) == 4
    assert Rows(tmp_path / "state", "two", 3, np.float32).begin(4, 10) == 0
    (tmp_path / "state/state.json").write_text("half a JS")
    assert Rows(tmp_path / "state", "two", 3, np.float32).begin(4, 10) == 0


def test_the_last_short_batch_counts_as_done(tmp_path):
    rows = Rows(tmp_path, "one", 2, np.float16)
    rows.append(np.ones((10, 2), np.float16))
    assert rows.begin(4, 10) == 10
    assert rows.begin(4, 11) == 8


def test_a_strange_file_in_the_folder_stays_and_does_no_harm(tmp_path):
    rows = Rows(tmp_path, "one", 2, np.float16)
    (tmp_path / ".DS_Store").touch()
    rows.remove()
    assert list(tmp_path.iterdir()) == [tmp_path / ".DS_Store"]


def test_fingerprint_follows_images_and_recipe(folder):
    records, source = read_captions(folder / "captions.json"), open_images(folder / "images.h5")
    same = fingerprint(records, source, {"crop": 1})
    assert same == fingerprint(records, source, {"crop": 1})
    assert same != fingerprint(records, source, {"crop": 2})
    assert same != fingerprint(records[1:], source, {"crop": 1})


def test_features_that_are_not_finite_are_refused_with_the_image(folder):
    class Huge(Mean):
        def forward(self, images):
            return super().forward(images) * 0 + 1e6

    records, source = read_captions(folder / "captions.json"), open_images(folder / "images.h5")
    config = FeaturesConfig(**SECTION | {"precision": "float16"})
    with pytest.raises(GxnError, match=r"0.png \(imgid 0\): its features are not finite as float16"):
        list(extract(Huge(), records, source, config, torch.device("cpu"), 1))


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"precision": "int8"}, "features.precision"),
        ({"arithmetic": "float64"}, "features.arithmetic"),
        ({"batch": 0}, "features.batch"),
        ({"crops": "2C"}, "features.crops: must be 1C or 10C, not '2C'"),
        ({"flip": True}, "features.flip: unknown key"),
        ({"crop": 65}, r"0.png \(imgid 0\): is 64 x 64 pixels, smaller than features.crop, 65"),
    ],
)
def test_wrong_settings_stop_before_anything_is_written(folder, tmp_path, section, message):
    with pytest.raises(GxnError, match=message):
        call(folder, tmp_path / "f.h5", **section)
    assert not (tmp_path / "f.h5").exists()


@pytest.mark.slow
def test_sigkill_in_real_photographs(realdata, tmp_path, capsys):
    images = read_json(realdata / "flickr8k/dataset_flickr8k.json")["images"][:80]
    write_json(tmp_path / "captions.json", {"images": images})
    inputs = {
        "captions": tmp_path / "captions.json",
        "images": realdata / "flickr8k/images",
        "cnn": CNN,
        "weights": realdata / "weights/squeezenet1_1.safetensors",
        "features": SECTION | {"crop": 224},
        "device": "cpu",
        "threads": 1,
        "resume": tmp_path / "resume",
    }
    step.features(**inputs, split=None, out=tmp_path / "whole.h5")
    texts = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in inputs.items()}
    options = [f"--{key}={value}" for key, value in texts.items()]
    out = tmp_path / "cut.h5"
    victim = subprocess.Popen([sys.executable, "-m", "gxn.steps.features", *options, f"--out={out}"])
    rows, three_batches = tmp_path / "resume/rows.bin", 3 * 4 * 512 * 4
    deadline = time.monotonic() + 120
    while not rows.exists() or rows.stat().st_size < three_batches:
        assert victim.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    assert not out.exists()
    step.features(**inputs, split=None, out=out)
    assert "resumed after image" in capsys.readouterr().out
    assert out.read_bytes() == (tmp_path / "whole.h5").read_bytes()
