"""What comes after training: embeddings and imagination of the test split from a row's checkpoint."""

import json

import numpy as np
import pytest
import torch
from gxn.steps.caption import caption
from gxn.steps.draw import draw
from gxn.steps.joint import joint
from gxn.steps.match import match
from settings import CAPTION, DRAW, MATCH

from gxn.errors import GxnError
from gxn.evaluation.embeddings import read_embeddings
from gxn.files import create_hdf5, open_hdf5
from gxn.steps.embed import embed
from gxn.steps.imagine import imagine
from gxn.training.checkpoint import read_encoders
from gxn.training.data import read_split


@pytest.fixture
def row(arguments, data):
    """The checkpoint of a row that imagines both ways."""
    match(None, **arguments("warmup", stage={"epochs": 1, "matches": 1, "select": False, "match": MATCH}))
    files = {"warmup": data / "warmup.safetensors"}
    stage = {"epochs": 1, "caption": CAPTION}
    caption(files["warmup"], None, data / "frequencies.h5", **arguments("decoder", stage=stage))
    draw(files["warmup"], data / "thumbnails.h5", **arguments("drawer", stage={"epochs": 1, "draw": DRAW}))
    files |= {"decoder": data / "decoder.safetensors", "drawer": data / "drawer.safetensors"}
    files |= {"frequencies": data / "frequencies.h5", "thumbnails": data / "thumbnails.h5"}
    stage = {"epochs": 1, "matches": 2, "match": MATCH, "caption": CAPTION, "draw": DRAW}
    joint(**files, **arguments("row", stage=stage))
    return data / "row.safetensors"


def test_embeddings_are_those_of_the_checkpoint(row, data):
    out = data / "embeddings.h5"
    embed(row, data / "features.h5", data / "tokens.h5", "test", 1, "cpu", out)
    found = read_embeddings(out)
    encoders, _ = read_encoders(row)
    split = read_split(data / "tokens.h5", data / "features.h5", "test", torch.device("cpu"))
    assert found.similarity == encoders.config.similarity and sum(found.weights) == 1
    with torch.no_grad():
        for image, expected in zip(found.images, encoders.images(split.features), strict=True):
            np.testing.assert_allclose(image, expected.numpy(), atol=1e-6)
    assert (found.sentid // 10 + 100 == found.imgid[found.caption_image]).all()


def test_other_data_than_was_trained_on_is_refused(row, data):
    with create_hdf5(data / "other.h5", {}) as file:
        file["features"], file["imgid"] = np.ones((24, 16), np.float32), np.arange(100, 124)
    with pytest.raises(GxnError, match="was trained on other data"):
        embed(row, data / "other.h5", data / "tokens.h5", "test", 1, "cpu", data / "e.h5")


def test_a_row_says_and_draws_every_test_image(row, data):
    captions = {"images": [{"sentences": [{"sentid": i}]} for i in range(240)]}
    (data / "captions.json").write_text(json.dumps(captions))
    for name in ("a", "b"):
        imagine(
            checkpoint=row, captions=data / "captions.json", features=data / "features.h5",
            tokens=data / "tokens.h5", frequencies=data / "frequencies.h5", longest=6, seed=0, threads=1,
            dataset="d", method="row",
            device="cpu", said=data / f"{name}.json", drawn=data / f"{name}.h5",
        )  # fmt: skip
    said = json.loads((data / "a.json").read_text())
    assert set(said["captions"]) == {str(imgid) for imgid in range(118, 124)}
    assert {"cider_d", "bleu4", "rouge_l", "cider"} <= said["metrics"].keys()
    with open_hdf5(data / "a.h5") as file:
        assert file["images"].shape == (6, 3, 16, 16) and file["images"].dtype == np.uint8
        assert (file["sentid"][:] % 10 == 0).all()
    for suffix in ("json", "h5"):
        assert (data / f"a.{suffix}").read_bytes() == (data / f"b.{suffix}").read_bytes()
