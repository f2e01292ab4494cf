"""Feature extraction from torchvision models: width, layer, weights, messages."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision import models

from gxn.errors import GxnError
from gxn.features.cnn import MEAN, STD, Extractor, head_of, load_cnn, normalise
from gxn.files import save_tensors

WIDTHS = {
    "resnet152": 2048,
    "vgg19": 4096,
    "vgg11_bn": 4096,
    "alexnet": 4096,
    "mobilenet_v2": 1280,
    "mobilenet_v3_small": 1024,
    "squeezenet1_0": 512,
    "squeezenet1_1": 512,
    "shufflenet_v2_x0_5": 1024,
    "mnasnet0_5": 1280,
    "densenet121": 1024,
    "efficientnet_b0": 1280,
    "convnext_tiny": 768,
    "googlenet": 1024,
    "inception_v3": 2048,
    "vit_b_16": 768,
    "swin_t": 768,
    "maxvit_t": 512,
}
IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", WIDTHS)
def test_width_of_what_the_class_scores_read(name: str) -> None:
    quiet = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):  # shapes without arithmetic
        model = models.get_model(name, weights=None, **quiet).eval()
        side = 299 if name == "inception_v3" else 224
        head, width = head_of(name, model)
        features = Extractor(model, head, before=True)(torch.zeros(2, 3, side, side))
    assert width == WIDTHS[name] and features.shape == (2, width)


def saved(name: str, folder: Path, seed: int = 0) -> tuple[nn.Module, Path]:
    torch.manual_seed(seed)
    model = models.get_model(name, weights=None).eval()
    save_tensors(folder / f"{name}.safetensors", model.state_dict(), {})
    return model, folder / f"{name}.safetensors"


@pytest.mark.parametrize("name", ["mobilenet_v2", "squeezenet1_1"])
def test_pool_is_the_mean_of_the_last_map(name: str, tmp_path: Path) -> None:
    model, file = saved(name, tmp_path)
    extractor, width = load_cnn(name, "pool", file)
    with torch.no_grad():
        expected = model.features(IMAGES).mean((2, 3))
        assert torch.allclose(extractor(IMAGES), expected, atol=1e-6)
    assert not extractor.training and expected.shape == (2, width)


@pytest.mark.parametrize("name", ["resnet18", "regnet_y_400mf"])
def test_pool_is_what_fc_reads(name: str, tmp_path: Path) -> None:
    model, file = saved(name, tmp_path)
    extractor, _ = load_cnn(name, "pool", file)
    model.fc = nn.Identity()
    with torch.no_grad():
        assert torch.allclose(extractor(IMAGES), model(IMAGES), atol=1e-6)


def test_a_named_layer_is_taken_before_a_relu_in_place_changes_it(tmp_path: Path) -> None:
    model, file = saved("squeezenet1_1", tmp_path)
    extractor, width = load_cnn("squeezenet1_1", "features.0", file)
    with torch.no_grad():
        expected = model.features[0](IMAGES).mean((2, 3))
        assert torch.allclose(extractor(IMAGES), expected, atol=1e-6)
    assert width == 64 and (expected < 0).any()


def test_gradients_reach_the_network() -> None:
    torch.manual_seed(0)
    extractor, _ = load_cnn("shufflenet_v2_x0_5", "pool", None)
    extractor(IMAGES).square().sum().backward()
    assert extractor.model.conv1[0].weight.grad.abs().sum() > 0


def test_normalise_takes_bytes_and_floats_alike() -> None:
    pixels = (IMAGES * 255).round().to(torch.uint8)
    expected = (pixels / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    assert torch.allclose(normalise(pixels), expected, atol=1e-6)
    assert torch.allclose(normalise(pixels / 255), expected, atol=1e-6)


def test_a_wrong_weight_file_is_named_with_its_key(tmp_path: Path) -> None:
    model, file = saved("shufflenet_v2_x0_5", tmp_path)
    with pytest.raises(GxnError, match=r"shufflenet_v2_x0_5\.safetensors: has no tensor 'features"):
        load_cnn("squeezenet1_1", "pool", file)
    state = model.state_dict()
    other = tmp_path / "other.safetensors"
    save_tensors(other, state | {"fc.weight": torch.zeros(7, 1024)}, {})
    with pytest.raises(
        GxnError, match=r"other\.safetensors: tensor 'fc\.weight' is \(7, 1024\), .*\(1000, 1024\)"
    ):
        load_cnn("shufflenet_v2_x0_5", "pool", other)
    save_tensors(other, state | {"extra": torch.zeros(1)}, {})
    with pytest.raises(
        GxnError, match=r"other\.safetensors: tensor 'extra' is not one of shufflenet_v2_x0_5"
    ):
        load_cnn("shufflenet_v2_x0_5", "pool", other)
    save_tensors(other, {key: value for key, value in state.items() if key != "fc.bias"}, {})
    with pytest.raises(GxnError, match=r"other\.safetensors: has no tensor 'fc\.bias'"):
        load_cnn("shufflenet_v2_x0_5", "pool", other)
    other.write_bytes(b"no weights")
    with pytest.raises(GxnError, match=r"other\.safetensors: cannot be read"):
        load_cnn("shufflenet_v2_x0_5", "pool", other)


def test_files_without_batch_counters_are_read(tmp_path: Path) -> None:
    model, _ = saved("shufflenet_v2_x0_5", tmp_path)
    state = {
        key: value for key, value in model.state_dict().items() if not key.endswith("num_batches_tracked")
    }
    save_tensors(tmp_path / "old.safetensors", state, {})
    extractor, _ = load_cnn("shufflenet_v2_x0_5", "pool", tmp_path / "old.safetensors")
    model.fc = nn.Identity()
    with torch.no_grad():
        assert torch.allclose(extractor(IMAGES), model(IMAGES), atol=1e-6)


@pytest.mark.parametrize("name", ["resnet", "", "fasterrcnn_resnet50_fpn", "raft_small", "r3d_18"])
def test_a_name_that_is_no_classification_model(name: str) -> None:
    with pytest.raises(GxnError, match=r"^cnn\.name: torchvision has no classification model"):
        load_cnn(name, "pool", None)


@pytest.mark.parametrize("layer", ["", "layer9", "fc.weight"])
def test_a_layer_that_is_not_there(layer: str) -> None:
    with pytest.raises(GxnError, match=r"^cnn\.layer: .*conv1"):
        load_cnn("shufflenet_v2_x0_5", layer, None)
