"""Memory of networks that are never made, against those that are."""

from pathlib import Path

import pytest
import torch
from small import config_files

from gxn.configuration.files import load
from gxn.errors import GxnError
from gxn.estimation import bounds, networks
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import Encoders, EncoderSizes


def configuration(tmp_path, **model):
    return load(config_files(tmp_path, {"model": model}))


def test_bytes_are_those_of_networks_that_are_made(tmp_path):
    config = configuration(tmp_path, text_hidden=40)
    found = networks.bytes_of_networks(config, words=30, features=20)
    sizes = EncoderSizes.of(config.model, 20, 30)
    encoders = Encoders(config.encoder("two_space"), sizes)
    decoder = CaptionDecoder.of(config.model, 30)
    each = [sum(4 * weight.numel() for weight in network.parameters()) for network in (encoders, decoder)]
    assert found["two_space"] == networks.COPIES * each[0]
    assert found["gxn_i2t_xe"] == networks.COPIES * sum(each)
    assert found["gxn_i2t_t2i"] > found["gxn_i2t_xe"]


def test_networks_larger_than_the_memory_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "memory", lambda _device: 10**10)
    networks.check_networks(configuration(tmp_path / "small"), torch.device("cpu"))
    with pytest.raises(
        GxnError, match=r"^model: the networks of row \w+ take \d+\.\d GB .* has 10\.0 GB\. Lower"
    ):
        networks.check_networks(configuration(tmp_path / "large", text_hidden=16384), torch.device("cpu"))


def test_a_container_has_its_own_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "CGROUP", tmp_path / "memory.max")
    whole = networks.memory(torch.device("cpu"))
    (tmp_path / "memory.max").write_text("1000000\n")
    assert networks.memory(torch.device("cpu")) == 1_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert networks.memory(torch.device("cpu")) == whole > 10**8


def test_a_batch_larger_than_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "memory", lambda _device: 10**10)
    batches = {"drawing": {"batch_size": 20000}, "training": {"batch_size": 20000}}
    config = load(config_files(tmp_path, {**batches, "model": {"g_channels": 512}}))
    with pytest.raises(
        GxnError, match=r"^training\.batch_size, drawing\.batch_size: a batch takes \d+\.\d GB"
    ):
        networks.check_networks(config, torch.device("cpu"))


@pytest.mark.parametrize(
    "kinds", [("upsampling", "projection", "none"), ("transposed", "concatenation", "batch")]
)
@pytest.mark.parametrize("wide", ["text_hidden", "joint_dim", "decoder_hidden", "g_channels", "d_channels"])
def test_networks_never_take_more_than_the_bound(tmp_path, kinds, wide):
    names = ("generator_kind", "discriminator_kind", "discriminator_norm")
    model = dict(zip(names, kinds, strict=True)) | {wide: 1024 if "channels" in wide else 4096}
    drawing = {"contrastive_d": 0, "contrastive_g": 0}  # which only a projection can have
    config = load(
        config_files(tmp_path, {"model": model, "drawing": drawing, "dataset": {"gan_image_size": 64}})
    )
    assert max(networks.bytes_of_networks(config).values()) <= bounds.most_bytes(config)


def test_the_default_is_far_below_what_is_at_hand():
    assert bounds.most_bytes(load([Path(__file__).parents[2] / "params.yaml"])) < 2e9
