"""Train the encoders by the ranking loss alone: the warm-up that rows share, and rows that imagine nothing."""

from dataclasses import dataclass
from pathlib import Path

from gxn.cli import run
from gxn.config import need_least, parse
from gxn.training.matching import Matching, MatchingConfig
from gxn.training.stages import Stage, stage_parser


@dataclass(frozen=True)
class MatchStage:
    """Of the step.

    Attributes:
        epochs: over the training captions.
        matches: ranking updates on each batch.
        select: keep the epoch of the best validation rsum, else the last.
        match: of the ranking update.

    Raises:
        GxnError: there are no matches.
    """

    epochs: int
    matches: int
    select: bool
    match: MatchingConfig

    def __post_init__(self) -> None:
        need_least("stage", self, matches=1)


def match(warmup: Path | None, **arguments) -> None:
    """Train the encoders, from `warmup` when it is given."""
    config = parse(MatchStage, arguments["stage"], "stage")
    stage = Stage({**arguments, "warmup": warmup})
    modules = {"encoders": stage.encoders}
    if warmup is not None:
        stage.start_from(warmup, modules)
    path = Matching(stage.encoders, config.match)
    stage.run([path] * config.matches, config.epochs, "val_rsum" if config.select else None, modules)


def main() -> None:
    arguments = stage_parser(__doc__)
    arguments.add_argument("--warmup", type=Path, help="checkpoint to start from")
    run(match, arguments)


if __name__ == "__main__":
    main()
