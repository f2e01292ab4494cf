"""A torchvision classification model, cut before its class scores, as a feature extractor."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from gxn.errors import GxnError
from gxn.files import load_tensors

# what torchvision's weights expect of an input in 0..1, per channel; the CNN trained here uses the same
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def normalise(images: Tensor) -> Tensor:
    """Images (B, 3, H, W), uint8 0..255 or float 0..1, to the float32 input that torchvision's models expect."""
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images.float()
    mean, std = (torch.tensor(each, device=images.device).view(1, 3, 1, 1) for each in (MEAN, STD))
    return (scaled - mean) / std


class Extractor(nn.Module):
    """Runs `model` and returns what passes one of its modules, averaged over places: (B, 3, H, W) -> (B, D).

    Args:
        model: the classification model.
        layer: name of the module in `model`.
        before: take what the module reads, rather than what it returns.
    """

    def __init__(self, model: nn.Module, layer: str, before: bool) -> None:
        super().__init__()
        self.model = model
        self._passed: Tensor | None = None
        module = model.get_submodule(layer)
        if before:
            module.register_forward_pre_hook(lambda _module, inputs: self._keep(inputs[0]))
        else:
            module.register_forward_hook(lambda _module, _inputs, output: self._keep(output))

    def _keep(self, value: Tensor) -> None:
        # averaged at once, since a ReLU that follows may work in place
        self._passed = pooled(value) if value.dim() != 2 else value.clone()

    def forward(self, images: Tensor) -> Tensor:
        self.model(images)
        passed, self._passed = self._passed, None
        assert passed is not None
        return passed


def pooled(value: Tensor) -> Tensor:
    """Mean over places of a map (B, D, H, W) or of a sequence (B, T, D)."""
    return value.mean((2, 3)) if value.dim() == 4 else value.flatten(1, -2).mean(1)


def load_cnn(name: str, layer: str, weights: Path | None) -> tuple[nn.Module, int]:
    """The feature extractor, in evaluation mode, and its number of features D.

    Args:
        name: of a torchvision classification model.
        layer: `pool`, what the layer of the class scores reads, averaged over places (ResNet-152: 2048,
            VGG19: its second fully connected layer, 4096; SqueezeNet: 512); or the name of a module, whose
            output is taken, averaged over places.
        weights: safetensors file with the model's state dict; None: random weights by torch's seed.

    Raises:
        GxnError: name, layer or weights do not fit; the message says which.
    """
    model = build(name, weights)
    if layer == "pool":
        head, dim = head_of(name, model)
        return Extractor(model, head, before=True).eval(), dim
    if not layer or layer not in dict(model.named_modules()):
        children = ", ".join(child for child, _ in model.named_children())
        raise GxnError(f"cnn.layer: {name} has no module {layer!r}; try pool, or one inside {children}")
    extractor = Extractor(model, layer, before=False).eval()
    try:
        with torch.no_grad():
            dim = extractor(torch.zeros(1, 3, 224, 224)).shape[1]
    except (AttributeError, AssertionError, IndexError) as error:
        raise GxnError(f"cnn.layer: {layer!r} of {name} gives no features of an image; try pool") from error
    return extractor, dim


@torch.no_grad()
def check_side(network: nn.Module, side: int, key: str) -> None:
    """Refuse images of `side` x `side` pixels, as configured by `key`, if the network cannot take two of them.

    Raises:
        GxnError: it cannot, in the words of torch.
    """
    try:
        network(torch.zeros(2, 3, side, side))
    except (RuntimeError, AssertionError, ValueError, IndexError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise GxnError(f"{key}: the CNN cannot take images of {side} x {side} pixels: {reason}") from error


def head_of(name: str, model: nn.Module) -> tuple[str, int]:
    """Name of the module that makes the class scores, and how many features it reads."""
    for module_name, module in reversed(list(model.named_modules())):
        if isinstance(module, nn.Linear):
            return module_name, module.in_features
        if isinstance(module, nn.Conv2d):  # SqueezeNet has no linear layer
            return module_name, module.in_channels
    raise GxnError(f"cnn.name: {name} has no layer of class scores; name a module in cnn.layer")


def build(name: str, weights: Path | None) -> nn.Module:
    """The torchvision model `name`, its state dict read strictly from `weights`.

    Raises:
        GxnError: no classification model has this name, or the file does not fit it.
    """
    # top-level names only: detection, segmentation and video models live in submodules
    if name not in models.list_models(module=models):
        raise GxnError(f"cnn.name: torchvision has no classification model {name!r}")
    model = models.get_model(name, weights=None, **legacy_kwargs(name, weights is not None))
    if weights is not None:
        state, _ = load_tensors(weights)
        check(state, model.state_dict(), name, weights)
        model.load_state_dict(state)
    return model


def legacy_kwargs(name: str, trained: bool) -> dict[str, Any]:
    """Arguments without which two old models warn, or read their trained weights wrongly."""
    old = name in ("googlenet", "inception_v3")
    return {"init_weights": not trained, "transform_input": trained} if old else {}


def check(state: dict[str, Tensor], expected: dict[str, Tensor], name: str, weights: Path) -> None:
    """Compare a file's tensors with those of the model.

    Raises:
        GxnError: a tensor is missing, unknown or of another shape; the message names file and key.
    """
    for key, tensor in expected.items():
        counter = key.endswith("num_batches_tracked")  # absent from old files, unused in evaluation
        if key not in state and not counter:
            raise GxnError(
                f"{weights}: has no tensor {key!r}, which {name} needs; is it for another cnn.name?"
            )
        if key in state and state[key].shape != tensor.shape:
            raise GxnError(
                f"{weights}: tensor {key!r} is {tuple(state[key].shape)}, {name} needs {tuple(tensor.shape)}"
            )
        if counter:
            state.setdefault(key, torch.tensor(0))
    for key in state:
        if key not in expected:
            raise GxnError(f"{weights}: tensor {key!r} is not one of {name}; is it for another cnn.name?")
