"""Feature extraction from CNNs: width, layer, grid, weights, messages."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from small import ENVIRONMENT, ROOT
from torch import nn
from torchvision import models

from gxn.errors import GxnError
from gxn.features.cnn import MEAN, STD, Extractor, head_of, last_map, load_cnn, normalise, pooled
from gxn.files import save_tensors
from gxn.models.plain_cnn import PlainCnn

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


LAST_MAPS = {
    "resnet18": "layer4",
    "vgg11": "avgpool",
    "mobilenet_v2": "features",
    "squeezenet1_1": "classifier.0",  # the dropout before the map of class scores
    "shufflenet_v2_x0_5": "conv5",
    "densenet121": "features",
    "swin_t": "permute",
    "plain": "",
}


@pytest.mark.parametrize("name", LAST_MAPS)
def test_the_last_map_is_found(name: str) -> None:
    with torch.device("meta"):
        model = PlainCnn() if name == "plain" else models.get_model(name, weights=None)
        assert last_map(name, model) == LAST_MAPS[name] and model.training


def naive_cells(value: torch.Tensor, cells: int) -> torch.Tensor:
    """Mean over each cell of a map (B, C, H, W), cell by cell: (B, C * cells * cells)."""
    height, width = value.shape[2:]
    rows = [slice(i * height // cells, -(-(i + 1) * height // cells)) for i in range(cells)]
    columns = [slice(i * width // cells, -(-(i + 1) * width // cells)) for i in range(cells)]
    means = [value[:, :, row, column].mean((2, 3)) for row in rows for column in columns]
    return torch.stack(means, 2).flatten(1)


@pytest.mark.parametrize(("height", "width"), [(4, 4), (7, 5), (2, 2), (3, 6)])
@pytest.mark.parametrize("cells", [1, 2, 3])
def test_pooled_cells_beside_a_loop(height: int, width: int, cells: int) -> None:
    value = torch.rand(2, 5, height, width, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(pooled(value, cells), naive_cells(value, cells), atol=1e-6)


@pytest.mark.parametrize("name", ["plain", "resnet18"])
def test_a_grid_of_the_last_map(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = (PlainCnn() if name == "plain" else models.get_model(name, weights=None)).eval()
    save_tensors(tmp_path / "weights.safetensors", model.state_dict(), {})
    extractor, width = load_cnn(name, "grid3", tmp_path / "weights.safetensors")
    if name == "resnet18":
        model.avgpool, model.fc = nn.Identity(), nn.Identity()
    with torch.no_grad():
        last = model(IMAGES)
        last = last if name == "plain" else last.unflatten(1, (512, 2, 2))
        assert torch.allclose(extractor(IMAGES), naive_cells(last, 3), atol=1e-6)
    assert width == 9 * last.shape[1] and not extractor.training


def test_pool_of_the_plain_network_is_the_mean_of_its_map(tmp_path: Path) -> None:
    torch.manual_seed(0)
    extractor, width = load_cnn("plain", "pool", None)
    with torch.no_grad():
        assert torch.allclose(extractor(IMAGES), extractor.model(IMAGES).mean((2, 3)), atol=1e-6)
    assert width == 256


def test_a_grid_of_a_network_that_ends_in_a_sequence() -> None:
    with pytest.raises(GxnError, match=r"^cnn\.layer: vit_b_16 ends in a sequence"):
        load_cnn("vit_b_16", "grid3", None)


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


@pytest.mark.parametrize("layer", ["", "layer9", "fc.weight", "grid", "grid0", "grid12"])
def test_a_layer_that_is_not_there(layer: str) -> None:
    with pytest.raises(GxnError, match=r"^cnn\.layer: .*conv1"):
        load_cnn("shufflenet_v2_x0_5", layer, None)


def test_a_network_of_this_package_is_built_without_torchvision() -> None:
    script = (
        "import sys; from gxn.features.cnn import load_cnn; load_cnn('plain', 'grid3', None); "
        "sys.exit('torchvision' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, env=ENVIRONMENT)
