"""Networks back from a checkpoint, by its own description alone."""

from pathlib import Path

import pytest
import torch

from gxn.errors import GxnError
from gxn.files import load_tensors, save_tensors
from gxn.training.checkpoint import building, read_decoder, read_drawing_networks, read_encoders


def changed(path: Path, out: Path, **about: object) -> Path:
    """Copy a checkpoint with other metadata."""
    tensors, metadata = load_tensors(path)
    save_tensors(out, tensors, metadata | about)
    return out


def test_encoders_come_back(pretrained):
    encoders, about = read_encoders(pretrained["encoders"])
    tensors, metadata = load_tensors(pretrained["encoders"])
    assert all(torch.equal(tensors[f"encoders.{k}"], v) for k, v in encoders.state_dict().items())
    assert about == metadata and not encoders.training


def test_a_decoder_comes_back(pretrained):
    decoder = read_decoder(pretrained["decoder"])
    tensors, _ = load_tensors(pretrained["decoder"])
    assert all(torch.equal(tensors[f"decoder.{k}"], v) for k, v in decoder.state_dict().items())
    assert not decoder.training


def test_drawing_networks_come_back(pretrained):
    tensors, _ = load_tensors(pretrained["gan"])
    for name, network in zip(
        ("augmentation", "generator"), read_drawing_networks(pretrained["gan"]), strict=True
    ):
        assert all(torch.equal(tensors[f"{name}.{k}"], v) for k, v in network.state_dict().items())
        assert not network.training


def test_they_draw_images_of_the_size_that_they_learnt(pretrained):
    augmentation, generator = read_drawing_networks(pretrained["gan"])
    assert generator(augmentation(torch.rand(2, 10))[1]).shape == (2, 3, 16, 16)


def test_a_checkpoint_without_the_network_is_refused(pretrained):
    with pytest.raises(GxnError, match=r"gan\.safetensors: does not fit the configured encoders"):
        read_encoders(pretrained["gan"])


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"encoder": {}}, r"encoder: \S+: is missing"),
        ({"encoder": "order"}, r"encoder: .*must be a mapping"),
        ({"sizes": None}, r"sizes: .*must be a mapping"),
        ({"sizes": {"feature_dim": 1}}, r"sizes: vocab_size: is missing"),
    ],
)
def test_metadata_that_describe_no_encoders_are_refused(pretrained, tmp_path, about, message):
    path = changed(pretrained["encoders"], tmp_path / "odd.safetensors", **about)
    with pytest.raises(GxnError, match=rf"odd\.safetensors: {message}"):
        read_encoders(path)


@pytest.mark.parametrize("size", [-1, 10**12])
def test_sizes_of_no_network_are_refused(pretrained, tmp_path, size):
    sizes = load_tensors(pretrained["encoders"])[1]["sizes"] | {"vocab_size": size}
    path = changed(pretrained["encoders"], tmp_path / "odd.safetensors", sizes=sizes)
    with pytest.raises(GxnError, match=r"odd\.safetensors: (does not describe a network|does not fit)"):
        read_encoders(path)


@pytest.mark.parametrize("size", [None, 17, "wide"])
def test_a_side_that_no_generator_draws_is_refused(pretrained, tmp_path, size):
    path = changed(pretrained["gan"], tmp_path / "odd.safetensors", gan_image_size=size)
    with pytest.raises(GxnError, match=r"odd\.safetensors: (does not describe a network|does not fit)"):
        read_drawing_networks(path)


def test_a_missing_side_is_refused(pretrained, tmp_path):
    tensors, about = load_tensors(pretrained["gan"])
    del about["gan_image_size"]
    save_tensors(tmp_path / "odd.safetensors", tensors, about)
    with pytest.raises(GxnError, match=r"odd\.safetensors: does not describe a network that can be built"):
        read_drawing_networks(tmp_path / "odd.safetensors")


@pytest.mark.parametrize(
    "error", [KeyError("a"), ZeroDivisionError(), MemoryError(), RuntimeError("shape\nmore")]
)
def test_what_cannot_be_built_is_said_in_a_line(error):
    with pytest.raises(GxnError) as caught, building(Path("x")):
        raise error
    assert str(caught.value).startswith("x: does not describe a network that can be built: ")
    assert "\n" not in str(caught.value)
