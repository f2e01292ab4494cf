"""Networks back from a training step's checkpoint, with nothing but the checkpoint's own description."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gxn.errors import GxnError
from gxn.files import load_tensors
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import EncoderConfig, Encoders, EncoderSizes
from gxn.models.generator import ConditioningAugmentation, Generator
from gxn.models.widths import ModelConfig
from gxn.training.stages import load_modules, stated


@contextlib.contextmanager
def building(path: Path) -> Iterator[None]:
    """Networks of the sizes that a checkpoint states.

    Raises:
        GxnError: there is no network of such sizes.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise GxnError(f"{path}: describes no network that can be built: {reason}; train it again") from error


def read_encoders(path: Path) -> tuple[Encoders, dict[str, Any]]:
    """The encoders in evaluation mode, and the checkpoint's metadata."""
    tensors, metadata = load_tensors(path)
    config = stated(EncoderConfig, "encoder", metadata, path)
    sizes = stated(EncoderSizes, "sizes", metadata, path)
    with building(path):
        encoders = Encoders(config, sizes)
    load_modules(path, tensors, {"encoders": encoders})
    return encoders.eval(), metadata


def read_decoder(path: Path) -> CaptionDecoder:
    """RNN_Dec in evaluation mode."""
    tensors, metadata = load_tensors(path)
    model = stated(ModelConfig, "model", metadata, path)
    sizes = stated(EncoderSizes, "sizes", metadata, path)
    with building(path):
        decoder = CaptionDecoder.of(model, sizes.words)
    load_modules(path, tensors, {"decoder": decoder})
    return decoder.eval()


def read_drawer(path: Path) -> tuple[ConditioningAugmentation, Generator]:
    """Conditioning augmentation and generator in evaluation mode."""
    tensors, metadata = load_tensors(path)
    model = stated(ModelConfig, "model", metadata, path)
    with building(path):
        augmentation = ConditioningAugmentation(model.joint, model.condition)
        size, kind = metadata["thumbnail"], model.generator_kind
        generator = Generator(model.condition, model.noise, model.generator, size, kind)
    load_modules(path, tensors, {"augmentation": augmentation, "generator": generator})
    return augmentation.eval(), generator.eval()
