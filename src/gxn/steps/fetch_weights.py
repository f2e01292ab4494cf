"""Fetch torchvision's ImageNet weights of a CNN and write them as safetensors, which cannot run code."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import torch

from gxn import cli
from gxn.datasets.download import fetch
from gxn.datasets.downloads import show_terms, weights_source
from gxn.errors import GxnError
from gxn.files import save_tensors, sha256


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    name: str = cli.option("a torchvision classification model")
    parts: Path = cli.option("folder for partial downloads")
    out: Path = cli.option("safetensors file to write")


def fetch_weights(arguments: Arguments) -> None:
    """Write the weights of the torchvision model `name` to `out`."""
    listed = weights_source(arguments.name)
    show_terms(listed.terms)
    checkpoint = arguments.parts / f"{arguments.name}.pth"
    fetch(checkpoint.name, listed, arguments.parts, checkpoint)
    convert(checkpoint, listed.urls[0], arguments.out)
    checkpoint.unlink()


def convert(checkpoint: Path, url: str, out: Path) -> None:
    """Write the state dict in a torch checkpoint as safetensors; only tensors are read from it.

    Raises:
        GxnError: it holds anything but tensors by name.
    """
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise GxnError(f"{checkpoint}: cannot be read as a file of tensors: {reason}") from error
    if not isinstance(state, dict) or not all(torch.is_tensor(tensor) for tensor in state.values()):
        raise GxnError(f"{checkpoint}: does not hold tensors by name")
    save_tensors(out, state, {"source": url, "sha256": sha256(checkpoint)})


main = cli.command(fetch_weights, Arguments)

if __name__ == "__main__":
    main()
