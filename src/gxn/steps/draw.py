"""Pretrain the generator and the matching-aware discriminator on frozen encoders."""

from dataclasses import dataclass
from pathlib import Path

from gxn.cli import run
from gxn.config import parse
from gxn.models.encoders import GROUNDED
from gxn.models.scale import SAMPLE
from gxn.training.drawing import Drawing, DrawingConfig, build_drawer, read_thumbnails
from gxn.training.stages import Stage, stage_parser


@dataclass(frozen=True)
class DrawStage:
    """Epochs over the training captions, and the settings of the text-to-image update."""

    epochs: int
    draw: DrawingConfig


def draw(warmup: Path, thumbnails: Path, **arguments) -> None:
    """Train the drawing networks."""
    config = parse(DrawStage, arguments["stage"], "stage")
    stage = Stage({**arguments, "warmup": warmup, "thumbnails": thumbnails})
    stage.start_from(warmup, {"encoders": stage.encoders})
    images = read_thumbnails(thumbnails, stage.train)
    modules = build_drawer(stage.model, images.shape[-1], stage.device)
    told = stage.train.sample(SAMPLE)
    for network in modules.values():
        if hasattr(network, "standard"):
            network.standard.fit(stage.encoders.text_space(told.tokens, told.lengths, GROUNDED))
    path = Drawing(stage.encoders, **modules, config=config.draw, thumbnails=images)
    stage.run([path], config.epochs, None, path.kept, thumbnail=images.shape[-1])


def main() -> None:
    run(draw, stage_parser(__doc__, "warmup", "thumbnails"))


if __name__ == "__main__":
    main()
