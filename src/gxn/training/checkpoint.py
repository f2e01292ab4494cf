"""Networks back from a training step's checkpoint, with nothing but the checkpoint's own description."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gxn.configuration.networks import EncoderSettings
from gxn.errors import GxnError
from gxn.files import load_tensors, sha256
from gxn.hdf5 import hdf5_metadata, open_hdf5
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.models.generator import ConditioningAugmentation, Generator
from gxn.provenance import data_of
from gxn.training.stage import load_modules, stated, stated_model


@contextlib.contextmanager
def building(path: Path) -> Iterator[None]:
    """Networks of the sizes that a checkpoint states.

    Raises:
        GxnError: there is no network of such sizes.
    """
    try:
        yield
    except (
        LookupError,
        TypeError,
        ValueError,
        ArithmeticError,
        RuntimeError,
        MemoryError,
        GxnError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise GxnError(
            f"{path}: does not describe a network that can be built: {reason}; train it again"
        ) from error


def read_encoders(path: Path) -> tuple[Encoders, dict[str, Any]]:
    """The encoders in evaluation mode, and the checkpoint's metadata."""
    tensors, metadata = load_tensors(path)
    settings = stated(EncoderSettings, "encoder", metadata, path)
    sizes = stated(EncoderSizes, "sizes", metadata, path)
    with building(path):
        encoders = Encoders(settings, sizes)
    load_modules(path, tensors, {"encoders": encoders})
    return encoders.eval(), metadata


def read_decoder(path: Path) -> CaptionDecoder:
    """RNN_Dec in evaluation mode."""
    tensors, metadata = load_tensors(path)
    model = stated_model(metadata, path)
    sizes = stated(EncoderSizes, "sizes", metadata, path)
    with building(path):
        decoder = CaptionDecoder.of(model, sizes.vocab_size)
    load_modules(path, tensors, {"decoder": decoder})
    return decoder.eval()


def read_drawing_networks(path: Path) -> tuple[ConditioningAugmentation, Generator]:
    """Conditioning augmentation and generator in evaluation mode."""
    tensors, metadata = load_tensors(path)
    model = stated_model(metadata, path)
    with building(path):
        augmentation = ConditioningAugmentation(model.joint_dim, model.cond_dim)
        size, kind = metadata["gan_image_size"], model.generator_kind
        generator = Generator(model.cond_dim, model.z_dim, model.g_channels, size, kind)
    load_modules(path, tensors, {"augmentation": augmentation, "generator": generator})
    return augmentation.eval(), generator.eval()


def same_data(metadata: dict[str, Any], features: Path, tokens: Path) -> bool:
    """Say whether a row was trained on these files; where its CNN was too, the features must be that CNN's."""
    if "tuned" not in metadata:
        return metadata["provenance"]["data"] == data_of(features, tokens)
    with open_hdf5(features) as file:
        weights = hdf5_metadata(file).get("weights")
    return metadata["tuned"] == {"weights": weights, "tokens": sha256(tokens)}
