"""The step that embeds a split."""

import numpy as np
import pytest
import torch
from small import config_files
from tiny import TINY

from gxn.errors import GxnError
from gxn.evaluation.embeddings import read_embeddings
from gxn.files import load_tensors, save_tensors
from gxn.hdf5 import create_hdf5
from gxn.steps.embed import Arguments, embed
from gxn.training.checkpoint import read_encoders, same_data
from gxn.training.data import read_split


def embedded(data, pretrained, **changes):
    given = {
        "config": config_files(data / "config", TINY),
        "checkpoint": pretrained["encoders"],
        "features": data / "features.h5",
        "tokens": data / "tokens.h5",
        "out": data / "embeddings.h5",
    }
    embed(Arguments(**given | changes))
    return read_embeddings(data / "embeddings.h5")


@pytest.mark.parametrize("split", ["test", "val"])
def test_embeddings_are_those_of_the_checkpoints_encoders(data, pretrained, split):
    found = embedded(data, pretrained, split=split)
    encoders, _ = read_encoders(pretrained["encoders"])
    own = read_split(data / "tokens.h5", data / "features.h5", split, torch.device("cpu"))
    with torch.no_grad():
        images, texts = encoders.images(own.features), encoders.texts(*in_order(own))
    for one, two in zip([*found.images, *found.texts], [*images, *texts], strict=True):
        order = own.sorted(torch.arange(len(own.lengths))).argsort().numpy() if len(one) > 6 else slice(None)
        np.testing.assert_allclose(one, two.numpy()[order], atol=1e-6)


def in_order(split):
    rows = split.sorted(torch.arange(len(split.lengths)))
    return split.tokens[rows], split.lengths[rows]


def test_the_file_says_how_they_are_compared(data, pretrained):
    found = embedded(data, pretrained)
    assert (found.similarity, list(found.weights), found.split) == ("order", [0.5, 0.5], "test")


def test_captions_are_joined_with_their_images(data, pretrained):
    found = embedded(data, pretrained)
    assert (found.sentid // 10 + 100 == found.imgid[found.caption_image]).all()


@pytest.mark.parametrize("file", ["features", "tokens"])
def test_other_data_than_was_trained_on_is_refused(data, pretrained, file):
    with create_hdf5(data / "other.h5", {}) as other:
        other["features"], other["imgid"] = np.ones((24, 16), np.float32), np.arange(100, 124)
    with pytest.raises(
        GxnError, match=r"encoders\.safetensors: was trained on other data than .*; train it again"
    ):
        embedded(data, pretrained, **{file: data / "other.h5"})


def test_a_row_with_a_cnn_of_its_own_needs_that_cnns_features(data, pretrained):
    tensors, about = load_tensors(pretrained["encoders"])
    tuned = {"weights": "w", "tokens": "t"}
    save_tensors(data / "tuned.safetensors", tensors, about | {"tuned": tuned})
    with pytest.raises(GxnError, match=r"tuned\.safetensors: was trained on other data"):
        embedded(data, pretrained, checkpoint=data / "tuned.safetensors")


@pytest.mark.parametrize(("weights", "same"), [("w", True), ("v", False)])
def test_and_those_are_known_by_the_cnns_weights(data, weights, same):
    from gxn.files import sha256

    with create_hdf5(data / "own.h5", {"weights": weights}) as file:
        file["features"], file["imgid"] = np.ones((1, 1), np.float32), np.arange(1)
    tuned = {"tuned": {"weights": "w", "tokens": sha256(data / "tokens.h5")}}
    assert same_data(tuned, data / "own.h5", data / "tokens.h5") == same
