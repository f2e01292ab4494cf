"""Pretrain the caption decoder on frozen encoders: by cross-entropy, or from there by the self-critical mix."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import GROUNDED
from gxn.models.standardizer import SAMPLE
from gxn.training.captioning import Captioning, build_rewards
from gxn.training.stage import Stage, StageArguments


@dataclass(frozen=True, kw_only=True)
class Arguments(StageArguments):
    """Arguments of the step."""

    encoders: Path = cli.option("checkpoint of the encoders")
    frequencies: Path = cli.option("document_frequencies.h5")
    decoder: Path | None = cli.option("checkpoint of the decoder to start from", None)


def train_captions(arguments: Arguments) -> None:
    """Train the decoder; the epoch is kept that is best on validation.

    The stage of cross-entropy chooses by cross-entropy: captions of early epochs score high in CIDEr-D by luck and
    leave the mix little to start from. The mix chooses by CIDEr-D.
    """
    files = {name: getattr(arguments, name) for name in ("encoders", "decoder", "frequencies")}
    stage = Stage(__spec__.name, arguments, **files)
    stage.start_from(arguments.encoders, {"encoders": stage.encoders})
    decoder = CaptionDecoder.of(stage.settings.model, len(stage.words)).to(stage.device)
    if arguments.decoder is None:
        features = stage.train.sample(SAMPLE).features
        decoder.standardizer.fit(stage.encoders.image_space(features, GROUNDED))
    else:
        stage.start_from(arguments.decoder, {"decoder": decoder})
    settings = stage.settings.captioning
    rewards = build_rewards(arguments.tokens, settings, arguments.frequencies)
    stage.run([Captioning(stage.encoders, decoder, settings, *rewards)], {"decoder": decoder})


main = cli.command(train_captions, Arguments)

if __name__ == "__main__":
    main()
