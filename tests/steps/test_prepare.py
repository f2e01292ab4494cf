"""The step that makes a dataset's captions."""

import subprocess
import sys

import pytest
from karpathy_json import dataset, save_images
from small import ENVIRONMENT, ROOT, config_files

from gxn.datasets.captions import read_captions
from gxn.files import write_json
from gxn.hdf5 import open_hdf5
from gxn.steps.prepare import Arguments, prepare

SCENES = {"dataset": {"source": {"train": 30, "val": 2, "test": 3, "size": 32}}, "features": {"crop": 32}}
PHOTOGRAPHS = {
    "cnn": {"weights": "cnn.safetensors"},
    "training": {"batch_size": 4},
    "drawing": {"batch_size": 4},
}


def test_scenes_are_rendered(tmp_path):
    config = config_files(tmp_path, SCENES)
    prepare(Arguments(config=config, captions=tmp_path / "captions.json", images=tmp_path / "images.h5"))
    assert len(read_captions(tmp_path / "captions.json")) == 35
    with open_hdf5(tmp_path / "images.h5") as file:
        assert file["images"].shape == (35, 32, 32, 3)


@pytest.fixture
def photographs(tmp_path):
    """A configuration of own photographs, which lie in images/."""
    value = dataset()
    write_json(tmp_path / "in.json", value)
    save_images(value, tmp_path / "images")
    source = {"kind": "images", "captions": str(tmp_path / "in.json"), "images": str(tmp_path / "images")}
    return config_files(tmp_path, PHOTOGRAPHS, {"dataset": {"source": source}})


def test_photographs_are_checked(photographs, tmp_path):
    prepare(Arguments(config=photographs, captions=tmp_path / "out.json", split=tmp_path / "split.json"))
    assert len(read_captions(tmp_path / "out.json")) == 4


def test_by_hand_what_is_wrong_is_one_line_and_nothing_is_left(photographs, tmp_path):
    (tmp_path / "images" / "3.png").write_bytes(b"no image")
    words = ["--config", *map(str, photographs), "--captions", str(tmp_path / "out/captions.json")]
    done = subprocess.run(
        [sys.executable, "-m", "gxn.steps.prepare", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=ENVIRONMENT | {"PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 2
    path = tmp_path / "images" / "3.png"
    assert (
        done.stderr.splitlines()[-1]
        == f"error: {path}: image 3 cannot be read: is not an image (JPEG, PNG, WEBP, BMP, GIF, TIFF)"
    )
    assert not (tmp_path / "out" / "captions.json").exists()
