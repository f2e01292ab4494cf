"""What made a file: configuration, data, seed and versions."""

from importlib.metadata import version
from typing import Any

from gxn.files import digest

LIBRARIES = ("torch", "torchvision", "numpy", "h5py")


def provenance(configuration: Any, data: str, seed: int) -> dict[str, Any]:
    """Hash of the configuration, hash of the input data, the seed, and library versions."""
    return {
        "config": digest(configuration),
        "data": data,
        "seed": seed,
        "versions": {name: version(name) for name in LIBRARIES},
    }
