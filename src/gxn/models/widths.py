"""Section `model` of the configuration: how large the networks are."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ModelConfig:
    """Widths of every network (the paper's are in config/coco.yaml), and how conditions enter.

    `CaptionDecoder`, `Generator` and `Discriminator` explain what the words may be.
    """

    word: int
    hidden: int
    joint: int
    decoder: int
    decoder_start: Literal["state", "word"]
    condition: int
    noise: int
    generator: int
    generator_kind: Literal["upsampling", "transposed"]
    discriminator: int
    discriminator_kind: Literal["projection", "concatenation"]
    discriminator_norm: Literal["batch", "spectral", "none"]
    discriminator_reads: Literal["text", "mean"]
