"""Train a row that imagines: the joint stage of Algorithm 1, imagine and match in turn on every batch."""

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from gxn import cli
from gxn.errors import GxnError
from gxn.models.decoder import CaptionDecoder
from gxn.training.captioning import Captioning, build_rewards
from gxn.training.drawing import Drawing, build_drawing_networks, read_gan_images
from gxn.training.matching import Matching
from gxn.training.objective import Objective, in_turn
from gxn.training.shuffled import Shuffled
from gxn.training.stage import Stage, StageArguments


@dataclass(frozen=True, kw_only=True)
class Arguments(StageArguments):
    """Arguments of the step."""

    encoders: Path = cli.option("checkpoint of the encoders")
    decoder: Path | None = cli.option("checkpoint of the caption decoder, for a row that captions", None)
    frequencies: Path | None = cli.option("document_frequencies.h5, for a row that captions", None)
    gan: Path | None = cli.option("checkpoint of the drawing networks, for a row that draws", None)
    gan_images: Path | None = cli.option("gan_images.h5, for a row that draws", None)


def train_joint(arguments: Arguments) -> None:
    """Train encoders and generative paths together from their pretrained checkpoints."""
    names = ("encoders", "decoder", "frequencies", "gan", "gan_images")
    stage = Stage(__spec__.name, arguments, **{name: getattr(arguments, name) for name in names})
    matching = Matching(stage.encoders, stage.settings.ranking)
    stage.start_from(arguments.encoders, {"encoders": stage.encoders}, matching.learnt)
    modules = dict(matching.modules)
    imagining: list[Objective] = []
    about = {}
    if stage.settings.captioning is not None:
        imagining.append(_imagined(stage, _captioning(stage, arguments, modules), "features"))
    if stage.settings.drawing is not None:
        drawing = _drawing(stage, arguments, modules)
        about["gan_image_size"] = drawing.images.shape[-1]
        imagining.append(_imagined(stage, drawing, "image"))
    stage.run(in_turn(imagining, matching, stage.settings.ranking_steps_per_batch), modules, **about)


def _imagined(stage: Stage, objective: Objective, taken: str) -> Objective:
    """Give the objective, of shuffled pairs where the row is that control."""
    return Shuffled(objective, taken) if stage.settings.shuffled else objective


def _captioning(stage: Stage, arguments: Arguments, modules: dict[str, nn.Module]) -> Captioning:
    """Make the objective of captioning and put its network into `modules`."""
    if arguments.decoder is None or arguments.frequencies is None:
        raise GxnError(f"row {arguments.name}: captions, so it needs --decoder and --frequencies")
    modules["decoder"] = CaptionDecoder.of(stage.settings.model, len(stage.words)).to(stage.device)
    stage.start_from(arguments.decoder, {"decoder": modules["decoder"]})
    rewards = build_rewards(arguments.tokens, stage.settings.captioning, arguments.frequencies)
    return Captioning(stage.encoders, modules["decoder"], stage.settings.captioning, *rewards)


def _drawing(stage: Stage, arguments: Arguments, modules: dict[str, nn.Module]) -> Drawing:
    """Make the objective of drawing and put its networks into `modules`."""
    if arguments.gan is None or arguments.gan_images is None:
        raise GxnError(f"row {arguments.name}: draws, so it needs --gan and --gan-images")
    images = read_gan_images(arguments.gan_images, stage.train)
    networks = build_drawing_networks(stage.settings.model, images.shape[-1], stage.device)
    stage.start_from(arguments.gan, networks)
    drawing = Drawing(stage.encoders, **networks, settings=stage.settings.drawing, images=images)
    modules |= drawing.kept
    return drawing


main = cli.command(train_joint, Arguments)

if __name__ == "__main__":
    main()
