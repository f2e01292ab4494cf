"""The content of a study's record: packed ranks, sheets of drawings, a configuration without folders."""

import h5py
import numpy as np
import pytest
from PIL import Image
from plans import ROOT
from workflow import study, study_record
from workflow.plan import Plan

from gxn.configuration.files import load
from gxn.errors import GxnError
from gxn.hdf5 import create_hdf5


def test_packed_ranks_are_the_same_ranks(tmp_path):
    rng = np.random.default_rng(0)
    ranks = rng.integers(1, 5000, 4000) / 2 + 0.5
    with create_hdf5(tmp_path / "ranks.h5", {"dataset": "scenes", "seed": 0}) as file:
        file["full/t2i"], file["full/imgid"] = ranks, np.arange(4000)
    study_record.pack_ranks(tmp_path / "ranks.h5", tmp_path / "packed.h5")
    with h5py.File(tmp_path / "packed.h5") as packed:
        assert np.array_equal(packed["full/t2i"], ranks) and np.array_equal(packed["full/imgid"], range(4000))
    assert (tmp_path / "packed.h5").stat().st_size < (tmp_path / "ranks.h5").stat().st_size / 2


def test_ranks_that_would_be_rounded_are_refused(tmp_path):
    with create_hdf5(tmp_path / "ranks.h5", {}) as file:
        file["full/t2i"] = np.array([1.1])
    with pytest.raises(GxnError, match="full/t2i does not fit float32"):
        study_record.pack_ranks(tmp_path / "ranks.h5", tmp_path / "packed.h5")


def test_a_sheet_shows_the_first_drawings(tmp_path):
    drawn = np.zeros((60, 3, 8, 8), np.uint8)
    drawn[9] = 255
    with create_hdf5(tmp_path / "drawn.h5", {}) as file:
        file["images"] = drawn
    study_record.sheet(tmp_path / "drawn.h5", tmp_path / "sheet.png")
    page = np.asarray(Image.open(tmp_path / "sheet.png").convert("L"))
    assert page.shape == (48, 64)
    assert page[8:16, 8:16].min() == 255 and page.astype(int).sum() == 255 * 64


def test_folders_of_the_machine_are_not_recorded():
    photographs = {"images": "/home/me/images", "captions": ["/home/me/a.json", "/home/me/b.json"]}
    above = {"dataset": {"source": photographs}, "cnn": {"weights": "/home/me/weights.safetensors"}}
    config = load([ROOT / path for path in ["params.yaml", *study.files("flickr8k")]], above)
    told = study_record.without_folders(Plan(config))
    assert told.dataset.source.images == "images" and list(told.dataset.source.captions) == [
        "a.json",
        "b.json",
    ]
    assert told.cnn.weights == "weights.safetensors"
