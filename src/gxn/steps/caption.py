"""Pretrain RNN_Dec on frozen encoders: by cross-entropy, or from there by its mix with the self-critical loss."""

from dataclasses import dataclass
from pathlib import Path

from gxn.cli import run
from gxn.config import parse
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import GROUNDED
from gxn.models.scale import SAMPLE
from gxn.training.captioning import Captioning, CaptioningConfig, build_rewards
from gxn.training.stages import Stage, stage_parser


@dataclass(frozen=True)
class CaptionStage:
    """Epochs over the training captions, and the settings of the image-to-text update."""

    epochs: int
    caption: CaptioningConfig


def caption(warmup: Path, decoder: Path | None, frequencies: Path, **arguments) -> None:
    """Train the decoder: by cross-entropy to the last epoch; or on from `decoder`, the epoch of the best CIDEr-D.

    Captions said early in cross-entropy score high by luck and leave the mix too little to start from.
    """
    config = parse(CaptionStage, arguments["stage"], "stage")
    stage = Stage({**arguments, "warmup": warmup, "decoder": decoder, "frequencies": frequencies})
    stage.start_from(warmup, {"encoders": stage.encoders})
    modules = {"decoder": CaptionDecoder.of(stage.model, len(stage.words)).to(stage.device)}
    if decoder is None:
        seen = stage.train.sample(SAMPLE).features
        modules["decoder"].standard.fit(stage.encoders.image_space(seen, GROUNDED))
    else:
        stage.start_from(decoder, modules)
    rewards = build_rewards(stage, config.caption, frequencies)
    path = Captioning(stage.encoders, modules["decoder"], config.caption, *rewards)
    stage.run([path], config.epochs, "val_cider_d" if decoder else None, modules)


def main() -> None:
    arguments = stage_parser(__doc__, "warmup", "frequencies")
    arguments.add_argument("--decoder", type=Path, help="checkpoint to start from")
    run(caption, arguments)


if __name__ == "__main__":
    main()
