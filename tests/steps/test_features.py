"""The step that computes features: its file, and a run that is killed and called again."""

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
from small import ENVIRONMENT, config_files

from gxn.datasets.captions import read_captions
from gxn.datasets.images import open_images
from gxn.errors import GxnError
from gxn.features.cnn import build, load_cnn, normalise
from gxn.features.store import read_features
from gxn.features.writer import ResumableFeatureWriter
from gxn.files import read_json, save_tensors, sha256, write_json
from gxn.hdf5 import create_hdf5, hdf5_metadata
from gxn.steps.features import Arguments, features

COUNT = 23
IDS = np.arange(COUNT) * 3
SETTINGS = {
    "device": "cpu",
    "cnn": {"name": "squeezenet1_1", "layer": "pool", "pretrain": {"size": 64}},
    "features": {"resize": None, "crops": "center", "crop": 64, "storage_dtype": "float32", "batch_size": 4},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small dataset of 64 x 64 images and random weights."""
    path = tmp_path_factory.mktemp("features")
    pixels = np.random.default_rng(0).integers(0, 256, (COUNT, 64, 64, 3), dtype=np.uint8)
    with create_hdf5(path / "images.h5", {}) as file:
        file["images"], file["imgid"] = pixels[::-1], IDS[::-1]
    sentences = [{"sentid": 0, "tokens": ["a"]}]
    splits = ["train"] * (COUNT - 3) + ["val", "test", "test"]
    images = [
        {"filename": f"{imgid}.png", "imgid": int(imgid), "split": split, "sentences": sentences}
        for imgid, split in zip(IDS, splits, strict=True)
    ]
    write_json(path / "captions.json", {"images": images})
    torch.manual_seed(0)
    save_tensors(path / "weights.safetensors", build("squeezenet1_1", None).state_dict(), {})
    return path


def call(folder: Path, out: Path, split: str | None = None, **changes: object) -> None:
    """The step, in this process; `changes` are keys of `features`."""
    features(
        Arguments(
            config=config_files(out.parent / f"{out.name}.config", SETTINGS, {"features": changes}),
            captions=folder / "captions.json",
            images=folder / "images.h5",
            weights=folder / "weights.safetensors",
            resume=out.parent / f"{out.name}.resume",
            out=out,
            split=split,
        )
    )


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of all features."""
    out = tmp_path_factory.mktemp("whole") / "f.h5"
    call(folder, out)
    return out


def test_features_are_those_of_one_forward_pass(folder, whole):
    records, source = read_captions(folder / "captions.json"), open_images(folder / "images.h5")
    network, width = load_cnn("squeezenet1_1", "pool", folder / "weights.safetensors")
    pixels = torch.from_numpy(np.stack([source.read(record) for record in records]))
    with torch.inference_mode():
        expected = network(normalise(pixels.permute(0, 3, 1, 2)))
    found = read_features(whole, IDS)
    assert found.shape == (COUNT, width)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_rows_stand_in_the_order_of_the_captions(whole):
    with h5py.File(whole) as file:
        assert np.array_equal(file["imgid"][:], IDS)


def test_the_file_says_what_made_it(folder, whole):
    with h5py.File(whole) as file:
        about = hdf5_metadata(file)
    assert about["weights"] == sha256(folder / "weights.safetensors")
    assert (about["cnn"], about["transform"]["crop"]) == ("squeezenet1_1", 64)


def test_nothing_half_done_is_left(whole):
    assert not whole.with_name("f.h5.resume").exists()


def test_of_one_split_there_are_no_others(folder, whole, tmp_path):
    call(folder, tmp_path / "test.h5", split="test")
    with h5py.File(tmp_path / "test.h5") as file:
        assert np.array_equal(file["imgid"][:], IDS[-2:])
    found = read_features(tmp_path / "test.h5", IDS[-2:])
    np.testing.assert_allclose(found, read_features(whole, IDS[-2:]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("batches", [0, 1, 5])
def test_a_run_that_is_killed_ends_with_the_same_bytes(folder, whole, tmp_path, batches, monkeypatch, capsys):
    written, left = ResumableFeatureWriter.append, batches

    def die(writer: ResumableFeatureWriter, block: np.ndarray) -> None:
        nonlocal left
        if left == 0:
            with open(writer.path, "ab") as file:  # half of a row, as a kill in a write leaves it
                file.write(b"\1" * 1000)
            raise KeyboardInterrupt
        left -= 1
        written(writer, block)

    monkeypatch.setattr(ResumableFeatureWriter, "append", die)
    with pytest.raises(KeyboardInterrupt):
        call(folder, tmp_path / "f.h5")
    assert not (tmp_path / "f.h5").exists()
    monkeypatch.setattr(ResumableFeatureWriter, "append", written)
    call(folder, tmp_path / "f.h5")
    assert (f"resumed after image {4 * batches} of {COUNT}" in capsys.readouterr().out) == (batches > 0)
    assert (tmp_path / "f.h5").read_bytes() == whole.read_bytes()


def test_work_that_was_damaged_meanwhile_is_made_again(folder, whole, tmp_path, monkeypatch, capsys):
    written, left = ResumableFeatureWriter.append, 3

    def die(writer: ResumableFeatureWriter, block: np.ndarray) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        written(writer, block)

    monkeypatch.setattr(ResumableFeatureWriter, "append", die)
    with pytest.raises(KeyboardInterrupt):
        call(folder, tmp_path / "f.h5")
    rows = tmp_path / "f.h5.resume" / "rows.bin"
    content = bytearray(rows.read_bytes())
    content[len(content) // 2] ^= 1  # in the second batch
    rows.write_bytes(content)
    monkeypatch.setattr(ResumableFeatureWriter, "append", written)
    call(folder, tmp_path / "f.h5")
    assert f"resumed after image 4 of {COUNT}" in capsys.readouterr().out
    assert (tmp_path / "f.h5").read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("change", [{"crop": 60}, {"storage_dtype": "float16"}, {"resize": 64}])
def test_work_with_other_settings_is_not_gone_on_with(folder, tmp_path, change, monkeypatch, capsys):
    written = ResumableFeatureWriter.append

    def die(writer: ResumableFeatureWriter, block: np.ndarray) -> None:
        written(writer, block)
        raise KeyboardInterrupt

    monkeypatch.setattr(ResumableFeatureWriter, "append", die)
    with pytest.raises(KeyboardInterrupt):
        call(folder, tmp_path / "f.h5")
    monkeypatch.setattr(ResumableFeatureWriter, "append", written)
    call(folder, tmp_path / "f.h5", **change)
    assert "resumed" not in capsys.readouterr().out


def test_an_image_that_is_too_small_stops_the_step_before_anything_is_written(folder, tmp_path):
    larger = {
        "dataset": {"source": {"size": 128}},
        "features": {"crop": 65},
        "cnn": {"pretrain": {"size": 65}},
    }
    arguments = Arguments(
        config=config_files(tmp_path / "config", SETTINGS, larger),
        captions=folder / "captions.json",
        images=folder / "images.h5",
        weights=folder / "weights.safetensors",
        resume=tmp_path / "resume",
        out=tmp_path / "f.h5",
    )
    with pytest.raises(
        GxnError, match=r"^0\.png \(imgid 0\): is 64 x 64 pixels, smaller than features\.crop, 65"
    ):
        features(arguments)
    assert not (tmp_path / "f.h5").exists()


@pytest.mark.slow
def test_sigkill_in_real_photographs(realdata, tmp_path, capsys):
    images = read_json(realdata / "flickr8k/dataset_flickr8k.json")["images"][:80]
    write_json(tmp_path / "captions.json", {"images": images})
    own = {
        "dataset": {"source": {"size": 224}},
        "features": {"crop": 224},
        "cnn": {"pretrain": {"size": 224}},
    }
    inputs = {
        "config": config_files(tmp_path, SETTINGS, own),
        "captions": tmp_path / "captions.json",
        "images": realdata / "flickr8k/images",
        "weights": realdata / "weights/squeezenet1_1.safetensors",
        "resume": tmp_path / "resume",
    }
    features(Arguments(**inputs, out=tmp_path / "whole.h5"))
    out = tmp_path / "cut.h5"
    options = [f"--{key}={value}" for key, value in inputs.items() if key != "config"]
    options += ["--config", *map(str, inputs["config"])]
    victim = subprocess.Popen(
        [sys.executable, "-m", "gxn.steps.features", *options, f"--out={out}"], env=ENVIRONMENT
    )
    rows, three_batches = tmp_path / "resume/rows.bin", 3 * 4 * 512 * 4
    deadline = time.monotonic() + 120
    while not rows.exists() or rows.stat().st_size < three_batches:
        assert victim.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    assert not out.exists()
    features(Arguments(**inputs, out=out))
    assert "resumed after image" in capsys.readouterr().out
    assert out.read_bytes() == (tmp_path / "whole.h5").read_bytes()
