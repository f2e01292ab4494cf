"""Section `model` of the configuration: how large the networks are."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ModelConfig:
    """Widths of every network (the paper's are in config/coco.yaml), and how conditions enter.

    What `decoder_start` and `discriminator_reads` may be, `CaptionDecoder` and `Discriminator` explain.
    """

    word: int
    hidden: int
    joint: int
    decoder: int
    decoder_start: Literal["state", "word"]
    condition: int
    noise: int
    generator: int
    discriminator: int
    discriminator_reads: Literal["text", "mean"]
