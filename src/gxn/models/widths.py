"""Section `model` of the configuration: how large the networks are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelConfig:
    """Widths of every network (the paper's are in config/coco.yaml), and how conditions enter.

    `decoder_start` is one of `gxn.models.decoder.STARTS`, `discriminator_reads` one of
    `gxn.models.drawing.CONDITIONS`.
    """

    word: int
    hidden: int
    joint: int
    decoder: int
    decoder_start: str
    condition: int
    noise: int
    generator: int
    discriminator: int
    discriminator_reads: str
