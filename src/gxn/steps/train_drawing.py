"""Pretrain the generator and the matching-aware discriminator on frozen encoders."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.models.encoders import GROUNDED
from gxn.models.standardizer import SAMPLE
from gxn.training.drawing import Drawing, build_drawing_networks, read_gan_images
from gxn.training.stage import Stage, StageArguments


@dataclass(frozen=True, kw_only=True)
class Arguments(StageArguments):
    """Arguments of the step."""

    encoders: Path = cli.option("checkpoint of the encoders")
    gan_images: Path = cli.option("gan_images.h5")


def train_drawing(arguments: Arguments) -> None:
    """Train the drawing networks."""
    stage = Stage(__spec__.name, arguments, encoders=arguments.encoders, gan_images=arguments.gan_images)
    stage.start_from(arguments.encoders, {"encoders": stage.encoders})
    images = read_gan_images(arguments.gan_images, stage.train)
    networks = build_drawing_networks(stage.settings.model, images.shape[-1], stage.device)
    sample = stage.train.sample(SAMPLE)
    for network in networks.values():
        if hasattr(network, "standardizer"):
            network.standardizer.fit(stage.encoders.text_space(sample.tokens, sample.lengths, GROUNDED))
    drawing = Drawing(stage.encoders, **networks, settings=stage.settings.drawing, images=images)
    stage.run([drawing], drawing.kept, gan_image_size=images.shape[-1])


main = cli.command(train_drawing, Arguments)

if __name__ == "__main__":
    main()
