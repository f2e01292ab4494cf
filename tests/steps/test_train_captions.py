"""The step that pretrains the caption decoder."""

import numpy as np
import pandas as pd
import pytest
import torch
from tiny import Killed, kill_after, train

from gxn.files import load_tensors
from gxn.training.checkpoint import read_decoder, read_encoders
from gxn.training.data import read_split

FOUR = {"pretrain_xe": {"epochs": 4}, "pretrain_scst": {"epochs": 4}}


def captions(data, pretrained, out: str, *changes: dict, stage: str = "pretrain_xe", **files):
    own = {"encoders": pretrained["encoders"], "frequencies": pretrained["frequencies"]}
    return train(data, out, stage, "two_space", *changes, **own | files)


def test_the_checkpoint_holds_the_decoder_alone(data, pretrained):
    tensors, _ = load_tensors(captions(data, pretrained, "a"))
    assert {name.partition(".")[0] for name in tensors} == {"decoder"}


def test_what_the_decoder_reads_is_fitted_to_the_frozen_encoders(data, pretrained):
    """The mean over all pairs, as the split has fewer than the sample."""
    encoders, _ = read_encoders(pretrained["encoders"])
    split = read_split(data / "tokens.h5", data / "features.h5", "train", torch.device("cpu"))
    embedded = encoders.image_space(split.features, "grounded")[split.caption_image]
    tensors, _ = load_tensors(pretrained["decoder"])
    torch.testing.assert_close(tensors["decoder.standardizer.mean"], embedded.mean(0), atol=1e-6, rtol=0)
    scale = (embedded - embedded.mean(0)).square().mean().sqrt()
    torch.testing.assert_close(tensors["decoder.standardizer.scale"], scale, atol=1e-6, rtol=0)


def test_the_mix_goes_on_from_a_decoder(data, pretrained):
    path = captions(data, pretrained, "a", stage="pretrain_scst", decoder=pretrained["decoder"])
    started, fresh = (
        pd.read_csv(each.with_suffix(".csv")).xe_loss[0]
        for each in (path, captions(data, pretrained, "b", stage="pretrain_scst"))
    )
    assert started < fresh


def test_the_mix_has_a_reward_and_cross_entropy_has_none(data, pretrained):
    xe, mix = (captions(data, pretrained, stage, stage=stage) for stage in ("pretrain_xe", "pretrain_scst"))
    assert "reward" not in pd.read_csv(xe.with_suffix(".csv"))
    assert pd.read_csv(mix.with_suffix(".csv")).reward.ge(0).all()


@pytest.mark.parametrize("stage", ["pretrain_xe", "pretrain_scst"])
def test_a_run_that_is_killed_ends_with_the_same_bytes(data, pretrained, monkeypatch, stage):
    whole = captions(data, pretrained, "whole", FOUR, stage=stage)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 2)
        captions(data, pretrained, "parts", FOUR, stage=stage)
    torch.manual_seed(999)
    parts = captions(data, pretrained, "parts", FOUR, stage=stage)
    for suffix in (".safetensors", ".csv"):
        assert parts.with_suffix(suffix).read_bytes() == whole.with_suffix(suffix).read_bytes()


def test_captions_are_learnt_in_half_precision_too(data, pretrained):
    found = {}
    for precision in ("float32", "bfloat16"):
        slow = {"training": {"precision": precision}, "pretrain_xe": {"epochs": 3, "learning_rate": 1e-4}}
        captions(data, pretrained, precision, slow)
        found[precision] = pd.read_csv(data / f"{precision}.csv").xe_loss
    np.testing.assert_allclose(found["float32"], found["bfloat16"], rtol=0.05)
    assert (found["float32"] != found["bfloat16"]).any()


def test_a_decoder_that_reads_the_image_as_a_word_comes_back_from_its_checkpoint(data, pretrained):
    decoder = read_decoder(captions(data, pretrained, "a", {"model": {"decoder_start": "word"}}))
    assert decoder.start.out_features == 8  # the word embedding's width
    assert decoder.greedy(torch.rand(3, 10), 4).shape[0] == 3
