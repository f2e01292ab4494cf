"""A CNN, torchvision's or the package's own, cut before its class scores, as a feature extractor."""

import difflib
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from gxn.errors import GxnError
from gxn.files import load_tensors
from gxn.models.plain_cnn import PlainCnn

# networks of this package by `cnn.name`, beside torchvision's classification models; they return a map, not scores
OWN: dict[str, type[nn.Module]] = {"plain": PlainCnn}

# what torchvision's weights expect of an input in 0..1, per channel; the CNN trained here uses the same
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def normalise(images: Tensor) -> Tensor:
    """Images (B, 3, H, W), uint8 0..255 or float 0..1, to the float32 input that torchvision's models expect."""
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images.float()
    mean, std = (torch.tensor(each, device=images.device).view(1, 3, 1, 1) for each in (MEAN, STD))
    return (scaled - mean) / std


class Extractor(nn.Module):
    """Runs `model` and returns the value that passes one of its modules, averaged: (B, 3, H, W) -> (B, D).

    Args:
        model: the network.
        layer: name of the module in `model`; the empty name is the model itself.
        before: take the module's input instead of its output.
        cells: average a map over `cells` x `cells` parts of the image instead of over the whole.
    """

    def __init__(self, model: nn.Module, layer: str, before: bool, cells: int = 1) -> None:
        super().__init__()
        self.model, self.cells = model, cells
        self._passed: Tensor | None = None
        module = model.get_submodule(layer)
        if before:
            module.register_forward_pre_hook(lambda _module, inputs: self._keep(inputs[0]))
        else:
            module.register_forward_hook(lambda _module, _inputs, output: self._keep(output))

    def _keep(self, value: Tensor) -> None:
        # averaged at once, since a ReLU that follows may work in place
        self._passed = pooled(value, self.cells) if value.dim() != 2 else value.clone()

    def forward(self, images: Tensor) -> Tensor:
        self.model(images)
        passed, self._passed = self._passed, None
        assert passed is not None
        return passed


def pooled(value: Tensor, cells: int = 1) -> Tensor:
    """Features (B, D) of a map (B, C, H, W) or of a sequence (B, T, C).

    The mean over all places has D = C numbers. With `cells` N > 1, a map is averaged over N x N cells, of rows
    floor(i H / N) to ceil((i + 1) H / N) and columns likewise, so that D = C N^2, a channel's cells side by side.
    """
    if value.dim() != 4:
        return value.flatten(1, -2).mean(1)
    return value.mean((2, 3)) if cells == 1 else functional.adaptive_avg_pool2d(value, cells).flatten(1)


def load_cnn(name: str, layer: str, weights: Path | None) -> tuple[nn.Module, int]:
    """The feature extractor, in evaluation mode, and its number of features D.

    Args:
        name: `plain`, or a torchvision classification model.
        layer: `pool`, the input of the layer of class scores, averaged over places (ResNet-152: 2048,
            VGG19: its second fully connected layer, 4096; SqueezeNet: 512; `plain`: 256); `gridN`, N from 1 to 9,
            the last map averaged over N x N cells, which keeps places (grid3: ResNet-152 18,432, `plain` 2,304);
            or the name of a module, whose output is averaged over places.
        weights: safetensors file with the model's state dict; None: random weights by torch's seed.

    Raises:
        GxnError: name, layer or weights do not fit; the message says which.
    """
    model = build(name, weights)
    grid = re.fullmatch("grid([1-9])", layer)
    if layer == "pool" and name not in OWN:
        head, dim = head_of(name, model)
        return Extractor(model, head, before=True).eval(), dim
    if grid or layer == "pool":
        extractor = Extractor(model, last_map(name, model), before=False, cells=int(grid[1]) if grid else 1)
    elif layer and layer in dict(model.named_modules()):
        extractor = Extractor(model, layer, before=False)
    else:
        children = ", ".join(child for child, _ in model.named_children())
        raise GxnError(
            f"cnn.layer: {name} has no module {layer!r}; try pool, grid3 (nine places), or one inside {children}"
        )
    try:
        with torch.no_grad():
            dim = extractor.eval()(torch.zeros(1, 3, 224, 224)).shape[1]
    except (AttributeError, AssertionError, IndexError) as error:
        raise GxnError(f"cnn.layer: {layer!r} of {name} gives no features of an image; try pool") from error
    return extractor, dim


@torch.no_grad()
def last_map(name: str, model: nn.Module) -> str:
    """Name of the module whose output is the last map of more than one place before the class scores.

    It is found by one forward pass of an image of 224 x 224 pixels. DenseNet applies its last ReLU outside a
    module, so its map is the one before that ReLU.

    Raises:
        GxnError: the network ends in a sequence (ViT), so it has no such map.
    """
    if name in OWN:
        return ""
    head, _ = head_of(name, model)
    found: str | None = None
    ended = False

    def passed(module_name: str, output: Any) -> None:
        nonlocal found, ended
        ended = ended or module_name == head
        if isinstance(output, Tensor) and not ended:
            if output.dim() == 4 and output.shape[2:].numel() > 1:
                found = module_name
            elif output.dim() == 3:  # what follows is a sequence, unless a map comes later (Swin)
                found = None

    hooks = [
        module.register_forward_hook(lambda _module, _inputs, output, own=own: passed(own, output))
        for own, module in model.named_modules()
        if own
    ]
    training = model.training
    model.eval()(torch.zeros(1, 3, 224, 224))
    model.train(training)
    for hook in hooks:
        hook.remove()
    if found is None:
        raise GxnError(f"cnn.layer: {name} ends in a sequence, not in a map of places; use pool")
    return found


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
    """The network `name`, its state dict read strictly from `weights`.

    Raises:
        GxnError: no network has this name, or the file does not fit it.
    """
    model = OWN[name]() if name in OWN else _build_torchvision(name, weights is not None)
    if weights is not None:
        state, _ = load_tensors(weights)
        check(state, model.state_dict(), name, weights)
        model.load_state_dict(state)
    return model


def _build_torchvision(name: str, trained: bool) -> nn.Module:
    """A classification model of torchvision with random weights; `trained` weights are to follow."""
    from torchvision import models  # takes two seconds, which a network of this package does not need

    # top-level names only: detection, segmentation and video models live in submodules
    known = models.list_models(module=models)
    if name not in known:
        near = difflib.get_close_matches(name, [*OWN, *known], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; the package's own: {', '.join(OWN)}"
        raise GxnError(f"cnn.name: torchvision has no classification model {name!r}{hint}")
    return models.get_model(name, weights=None, **legacy_kwargs(name, trained))


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
