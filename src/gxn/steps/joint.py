"""Train a row that imagines: Algorithm 1's joint stage, imagine and match in turn on every batch."""

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from gxn.cli import run
from gxn.config import need_least, parse
from gxn.errors import GxnError
from gxn.models.decoder import CaptionDecoder
from gxn.training.captioning import Captioning, CaptioningConfig, build_rewards
from gxn.training.drawing import Drawing, DrawingConfig, build_drawer, read_thumbnails
from gxn.training.matching import Matching, MatchingConfig
from gxn.training.paths import TrainingPath
from gxn.training.stages import Stage, stage_parser


@dataclass(frozen=True)
class JointStage:
    """Of the step.

    Attributes:
        epochs: over the training captions.
        matches: ranking updates on each batch, the same number for every row of the table.
        match, caption, draw: of the updates; null leaves that path out.

    Raises:
        GxnError: there are no matches.
    """

    epochs: int
    matches: int
    match: MatchingConfig
    caption: CaptioningConfig | None
    draw: DrawingConfig | None

    def __post_init__(self) -> None:
        need_least("stage", self, matches=1)


def joint(
    warmup: Path,
    decoder: Path | None,
    frequencies: Path | None,
    drawer: Path | None,
    thumbnails: Path | None,
    **arguments,
) -> None:
    """Train encoders and generative paths together from their pretrained checkpoints."""
    config = parse(JointStage, arguments["stage"], "stage")
    files = {"decoder": decoder, "frequencies": frequencies, "drawer": drawer, "thumbnails": thumbnails}
    stage = Stage({**arguments, "warmup": warmup, **files})
    modules: dict[str, nn.Module] = {"encoders": stage.encoders}
    stage.start_from(warmup, modules)
    imagine: list[TrainingPath] = []
    about = {}
    if config.caption is not None:
        if decoder is None or frequencies is None:
            raise GxnError("stage.caption: needs --decoder and --frequencies")
        modules["decoder"] = CaptionDecoder.of(stage.model, len(stage.words)).to(stage.device)
        stage.start_from(decoder, {"decoder": modules["decoder"]})
        rewards = build_rewards(stage, config.caption, frequencies)
        imagine.append(Captioning(stage.encoders, modules["decoder"], config.caption, *rewards))
    if config.draw is not None:
        if drawer is None or thumbnails is None:
            raise GxnError("stage.draw: needs --drawer and --thumbnails")
        images = read_thumbnails(thumbnails, stage.train)
        networks = build_drawer(stage.model, images.shape[-1], stage.device)
        stage.start_from(drawer, networks)
        path = Drawing(stage.encoders, **networks, config=config.draw, thumbnails=images)
        modules |= path.kept
        about["thumbnail"] = images.shape[-1]
        imagine.append(path)
    matching = Matching(stage.encoders, config.match)
    stage.run(in_turn(imagine, matching, config.matches), config.epochs, "val_rsum", modules, **about)


def in_turn(imagine: list[TrainingPath], matching: Matching, matches: int) -> list[TrainingPath]:
    """Each imagining path is followed by its match; what `matches` is short of comes at the end.

    With two paths and two matches this is Algorithm 1; with fewer matches the earlier paths go without.
    """
    paths: list[TrainingPath] = []
    early = len(imagine) - matches
    for place, path in enumerate(imagine):
        paths += [path] if place < early else [path, matching]
    return paths + [matching] * (matches - len(imagine))


def main() -> None:
    arguments = stage_parser(__doc__, "warmup")
    for name in ("decoder", "frequencies", "drawer", "thumbnails"):
        arguments.add_argument(f"--{name}", type=Path)
    run(joint, arguments)


if __name__ == "__main__":
    main()
