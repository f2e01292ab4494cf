"""Provenance of a file: the configuration, data, seed and versions that made it."""

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gxn.files import digest, sha256

LIBRARIES = ("torch", "torchvision", "numpy", "h5py")


def provenance(configuration: Any, data: str, seed: int | None, before: Iterable[Any] = ()) -> dict[str, Any]:
    """Hash of the configuration, hash of the input data, the seed or None, and library versions.

    `before`: metadata of the checkpoints that training started from; the hash covers their configurations too.
    """
    return {
        "config": digest([configuration, *(metadata["provenance"]["config"] for metadata in before)]),
        "data": data,
        "seed": seed,
        "versions": {name: version(name) for name in LIBRARIES},
    }


def data_of(features: Path, tokens: Path) -> str:
    """Hash of the data that a row is trained on; only rows of the same data compare."""
    return digest([sha256(features), sha256(tokens)])
