"""Lengths of training, widths and rates by the size of the data."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Length:
    """Length of a stage: passes over the captions, within a floor and a ceiling of updates."""

    passes: int
    least: int
    most: int

    def epochs(self, captions: int, batch: int) -> int:
        """Epochs whose updates, of whole batches, come to the length."""
        per_epoch = max(1, captions // batch)
        wanted = min(max(self.passes * per_epoch, self.least), self.most)
        return max(1, math.ceil(wanted / per_epoch))


@dataclass(frozen=True)
class Size:
    """Settings that suit up to `captions` training captions: widths by key of `model`, rates and others by key."""

    captions: int
    widths: dict[str, int]
    rates: dict[str, float]
    others: dict[str, Any]
    gan_image_size: int


# Floors are by 300 photographs of Flickr8K, 1,200 training captions: validation rsum was highest after 160 updates
# of ranking, validation CIDEr-D after 230 of the decoder, which learns the captions by heart from there on
LENGTHS = {
    "pretrain_ranking.epochs": Length(5, 150, 30_000),
    "pretrain_xe.epochs": Length(5, 250, 60_000),
    "pretrain_scst.epochs": Length(2, 60, 10_000),
    "pretrain_gan.epochs": Length(5, 500, 60_000),
    "joint.epochs": Length(5, 100, 30_000),
}
NARROW = {"embed_dim": 64, "text_hidden": 128, "joint_dim": 128, "decoder_hidden": 128}
NARROW |= {"cond_dim": 32, "z_dim": 32, "g_channels": 16, "d_channels": 16}
MIDDLE = {"embed_dim": 300, "text_hidden": 512, "joint_dim": 1024, "decoder_hidden": 512}
MIDDLE |= {"cond_dim": 128, "z_dim": 100, "g_channels": 32, "d_channels": 32}
PAPER = MIDDLE | {"text_hidden": 1024, "decoder_hidden": 1024, "g_channels": 128, "d_channels": 64}
RATES = (
    *(f"pretrain_{stage}.learning_rate" for stage in ("ranking", "xe", "scst", "gan")),
    *(
        "joint.learning_rate",
        "joint.lr_decoder",
        "joint.lr_grounded_image",
        "joint.lr_gan",
        "joint.lr_grounded_text",
    ),
)
FAST = dict(zip(RATES, (4e-3, 4e-3, 1e-3, 1e-3, 2e-3, 1e-3, 1e-3, 4e-4, 1e-3), strict=True))  # params.yaml
SLOW = dict(
    zip(RATES, (1e-3, 5e-4, 5e-5, 2e-4, 5e-4, 5e-5, 2.5e-4, 2e-4, 2.5e-4), strict=True)
)  # flickr8k.yaml
SLOWEST = dict(zip(RATES, (2e-4, 5e-4, 5e-5, 2e-4, 2e-4, 5e-5, 1e-4, 2e-4, 1e-4), strict=True))  # coco.yaml
READ = {"retrieval.grounded_pooling": "last"}
ONCE = {"joint.ranking_steps_per_batch": 1, "joint.lr_decay_epoch": 1}
SIZES = (
    Size(10_000, NARROW, FAST, {}, 32),
    Size(200_000, MIDDLE, SLOW, READ | ONCE, 64),
    Size(10**9, PAPER, SLOWEST, READ, 64),
)
