"""A dataset of a few random images whose captions tell their features apart."""

import json

import numpy as np
import pytest
from settings import CAPTION, DRAW, ENCODER, MATCH, MODEL, TRAINING  # noqa: F401

from gxn.datasets.captions import Record, Sentence
from gxn.datasets.tokens import build_vocabulary, write_tokens
from gxn.files import create_hdf5
from gxn.steps.document_frequencies import document_frequencies


@pytest.fixture
def data(tmp_path):
    """Paths of tokens, features, thumbnails and document frequencies of 12 + 6 + 6 images."""
    random = np.random.default_rng(0)
    splits = ["train"] * 12 + ["val"] * 6 + ["test"] * 6
    words = [f"w{i}" for i in range(8)]
    records = [
        Record(
            f"{i}.png", 100 + i, split,
            tuple(Sentence(10 * i + k, tuple(random.choice(words, 2 + k))) for k in range(3)),
        )
        for i, split in enumerate(splits)
    ]  # fmt: skip
    vocabulary = build_vocabulary(records, 1)
    write_tokens(tmp_path / "tokens.h5", records, vocabulary, 30)
    ids = np.array([record.imgid for record in records])
    with create_hdf5(tmp_path / "features.h5", {}) as file:
        file["features"], file["imgid"] = random.standard_normal((24, 16)).astype(np.float32), ids
    with create_hdf5(tmp_path / "thumbnails.h5", {}) as file:
        file["images"], file["imgid"] = random.integers(0, 256, (24, 3, 16, 16), np.uint8), ids
    document_frequencies(tmp_path / "tokens.h5", tmp_path / "frequencies.h5")
    return tmp_path


@pytest.fixture
def arguments(data):
    """Common arguments of a training step, as its parser gives them; `stage` and files are to be added."""

    def make(out, **extra):
        return {
            "features": data / "features.h5",
            "tokens": data / "tokens.h5",
            "model": MODEL,
            "encoder": ENCODER,
            "training": TRAINING,
            "seed": 3,
            "threads": 1,
            "device": "cpu",
            "resume": data / "scratch" / out,
            "curves": data / f"{out}.csv",
            "out": data / f"{out}.safetensors",
            **json.loads(json.dumps({k: v for k, v in extra.items() if k == "stage"})),
            **{k: v for k, v in extra.items() if k != "stage"},
        }

    return make
