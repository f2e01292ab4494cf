"""The step that pretrains generator and discriminator."""

import pytest
import torch
from tiny import Killed, kill_after, train

from gxn.files import load_tensors
from gxn.training import stage
from gxn.training.checkpoint import read_encoders
from gxn.training.data import read_split

FOUR = {"pretrain_gan": {"epochs": 4}}


def drawing(data, pretrained, out: str, *changes: dict, **files):
    own = {"encoders": pretrained["encoders"], "gan_images": pretrained["gan_images"]}
    return train(data, out, "pretrain_gan", "two_space", *changes, **own | files)


def test_the_checkpoint_holds_the_three_networks(pretrained):
    tensors, about = load_tensors(pretrained["gan"])
    assert {name.partition(".")[0] for name in tensors} == {"augmentation", "generator", "discriminator"}
    assert about["gan_image_size"] == 16


def test_what_the_networks_read_is_fitted_to_the_frozen_encoders(data, pretrained):
    """The mean over all pairs, as the split has fewer than the sample."""
    encoders, _ = read_encoders(pretrained["encoders"])
    split = read_split(data / "tokens.h5", data / "features.h5", "train", torch.device("cpu"))
    batch = split.sample(len(split.lengths))
    embedded = encoders.text_space(batch.tokens, batch.lengths, "grounded")
    scale = (embedded - embedded.mean(0)).square().mean().sqrt()
    tensors, _ = load_tensors(pretrained["gan"])
    for name in ("augmentation", "discriminator"):
        torch.testing.assert_close(tensors[f"{name}.standardizer.mean"], embedded.mean(0), atol=1e-6, rtol=0)
        torch.testing.assert_close(tensors[f"{name}.standardizer.scale"], scale, atol=1e-6, rtol=0)


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_run_that_is_killed_ends_with_the_same_bytes(data, pretrained, monkeypatch, ema):
    changes = [FOUR, {"drawing": {"ema": ema}}]
    whole = drawing(data, pretrained, "whole", *changes)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 2)
        drawing(data, pretrained, "parts", *changes)
    torch.manual_seed(999)
    parts = drawing(data, pretrained, "parts", *changes)
    for suffix in (".safetensors", ".csv"):
        assert parts.with_suffix(suffix).read_bytes() == whole.with_suffix(suffix).read_bytes()


def test_a_discriminator_that_has_won_is_said_and_kept(data, pretrained, monkeypatch, capsys):
    monkeypatch.setattr(stage, "discriminator_warnings", lambda name, losses: [f"{name} {len(losses)}"])
    _, about = load_tensors(drawing(data, pretrained, "won", FOUR))
    assert about["warnings"] == ["discriminator_loss of pretrain_gan 4"]
    assert (
        "warning: pretrain_gan, two_space, seed 3: discriminator_loss of pretrain_gan 4"
        in capsys.readouterr().err
    )


def test_with_a_moving_average_another_generator_is_kept(data, pretrained):
    plain, averaged = (
        load_tensors(drawing(data, pretrained, out, {"drawing": {"ema": ema}}))[0]
        for out, ema in (("a", 0.0), ("b", 0.9))
    )
    assert plain.keys() == averaged.keys()
    same = {name.partition(".")[0] for name in plain if torch.equal(plain[name], averaged[name])}
    assert any(
        not torch.equal(plain[name], averaged[name]) for name in plain if name.startswith("generator.")
    )
    assert "discriminator" in same
