"""Networks back from a training step's checkpoint, with nothing but the checkpoint's own description."""

from pathlib import Path
from typing import Any

from gxn.config import parse
from gxn.files import load_tensors
from gxn.models.encoders import EncoderConfig, Encoders, EncoderSizes
from gxn.training.stages import load_modules


def read_encoders(path: Path) -> tuple[Encoders, EncoderConfig, dict[str, Any]]:
    """The encoders in evaluation mode, their configuration, and the checkpoint's metadata."""
    tensors, metadata = load_tensors(path)
    config = parse(EncoderConfig, metadata.get("encoder"), f"{path}: encoder")
    encoders = Encoders(config, parse(EncoderSizes, metadata.get("sizes"), f"{path}: sizes"))
    load_modules(path, tensors, {"encoders": encoders})
    return encoders.eval(), config, metadata
