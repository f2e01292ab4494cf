"""The updates of training at the sizes of a benchmark, made from the project's own configuration."""

from collections.abc import Callable
from typing import Any

import torch
from benchmarks.data import Made

from gxn.configuration import stages
from gxn.configuration.files import load
from gxn.configuration.root import Configuration
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import build_frequencies
from gxn.training.captioning import Captioning
from gxn.training.data import Batch
from gxn.training.drawing import Drawing, build_drawing_networks
from gxn.training.matching import Matching
from gxn.training.objective import Objective

# as in VSE++'s own loop
AS_VSEPP = {"absolute": True, "grounded_pooling": "last", "same_image_negatives": True}
GROUNDING = {"grounding_rate": 1e-4}  # as in a joint stage: the gradient goes on into the encoders


def configuration(hidden: int, batch: int) -> Configuration:
    """params.yaml with GRUs and joint spaces `hidden` wide, and hardest negatives where VSE++ has them."""
    widths = {"embed_dim": 300, "text_hidden": hidden, "joint_dim": hidden, "decoder_hidden": hidden}
    margins = {"cosine": 0.2, "order": 0.05, "two_space": 0.05}
    hardest = {name: {"loss": {"kind": "hardest", "margin": each}} for name, each in margins.items()}
    overlay: dict[str, Any] = {"model": widths, "training": {"batch_size": batch}, "encoders": hardest}
    overlay |= {"retrieval": AS_VSEPP, "drawing": {"batch_size": batch}}
    return load(["params.yaml"], overlay)


def sizes_of(config: Configuration, made: Made) -> EncoderSizes:
    """Widths of the encoders for these features and words."""
    return EncoderSizes.of(config.model, made.split.features.shape[1], len(made.split.words))


def matching(config: Configuration, encoder: str, made: Made, device: str = "cpu") -> Matching:
    """The ranking update of an encoder of the configuration."""
    settings = stages.settings(config, "pretrain_ranking", encoder)
    return Matching(Encoders(settings.encoder, sizes_of(config, made)).to(device), settings.ranking)


def captioning(config: Configuration, made: Made, critical: bool, device: str = "cpu") -> Captioning:
    """The image-to-text update of `two_space`: by cross-entropy, or half of it self-critical."""
    settings = stages.settings(config, "pretrain_scst", "two_space")
    encoders = Encoders(settings.encoder, sizes_of(config, made)).to(device)
    decoder = CaptionDecoder.of(settings.model, len(made.split.words)).to(device)
    captions = made.captions
    reward = CiderD(captions.tokens, captions.offsets, captions.caption_image, build_frequencies(captions))
    changes = GROUNDING | {"scst_interval": 1, "scst_weight": 0.5 if critical else 0.0}
    own = settings.captioning.model_copy(update=changes)
    return Captioning(encoders, decoder, own, reward, reward)


def drawing(
    config: Configuration, made: Made, device: str = "cpu", pictures: torch.Tensor | None = None
) -> Drawing:
    """The text-to-image update of `two_space`, from `pictures`, uint8 (N, 3, S, S), or black ones."""
    settings = stages.settings(config, "pretrain_gan", "two_space")
    encoders = Encoders(settings.encoder, sizes_of(config, made)).to(device)
    if pictures is None:
        side = config.dataset.gan_image_size
        pictures = torch.zeros((len(made.split.imgid), 3, side, side), dtype=torch.uint8, device=device)
    networks = build_drawing_networks(config.model, pictures.shape[-1], torch.device(device))
    own = settings.drawing.model_copy(update=GROUNDING)
    return Drawing(encoders, **networks, settings=own, images=pictures)


def every(config: Configuration, made: Made, device: str) -> dict[str, Objective]:
    """The update of every path, by its name in the table."""
    ranking = {f"ranking, {name}": matching(config, name, made, device) for name in config.encoders}
    return ranking | {
        "captions, cross-entropy": captioning(config, made, False, device),
        "captions, self-critical": captioning(config, made, True, device),
        "drawings": drawing(config, made, device),
    }


def stepping(objective: Objective, batch: Batch, precision: str) -> Callable[[], object]:
    """One update on a batch, as the loop of training makes it."""
    objective.start_epoch(0)

    def step() -> None:
        with torch.autocast(batch.features.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            objective.step(batch)

    return step
