"""Train encoders by their ranking loss alone: the pretraining that rows share, and rows that imagine nothing."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.training.matching import Matching
from gxn.training.stage import Stage, StageArguments


@dataclass(frozen=True, kw_only=True)
class Arguments(StageArguments):
    """Arguments of the step."""

    encoders: Path | None = cli.option("checkpoint to start from", None)


def train_ranking(arguments: Arguments) -> None:
    """Train the encoders, from `encoders` where it is given."""
    stage = Stage(__spec__.name, arguments, encoders=arguments.encoders)
    matching = Matching(stage.encoders, stage.settings.ranking)
    if arguments.encoders is not None:
        stage.start_from(arguments.encoders, {"encoders": stage.encoders}, matching.learnt)
    stage.run([matching] * stage.settings.ranking_steps_per_batch, matching.modules)


main = cli.command(train_ranking, Arguments)

if __name__ == "__main__":
    main()
