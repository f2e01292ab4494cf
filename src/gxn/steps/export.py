"""Export a trained row as one folder that gxn.load opens: gxn export two_space exported.

The folder has the networks, the vocabulary, the CNN with its transform, and a model card with the row's recalls.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.using.arguments import open_here
from gxn.using.card import card
from gxn.using.exported import CARD
from gxn.using.exported import export as write


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    row: str = cli.option("row of the table, such as two_space", positional=True)
    folder: Path = cli.option("folder to write", positional=True)
    seed: int | None = cli.option("seed of its run; default: the configuration's first", None)
    config: tuple[Path, ...] = cli.option("configuration files of the run, without params.yaml", ())


def export(arguments: Arguments) -> None:
    """Write the folder.

    Raises:
        GxnError: the row is not trained, or the folder already exists.
    """
    results = open_here(arguments.config)
    trained = results.choose(arguments.row, arguments.seed)
    model = results.open(trained)
    write(model, results.checkpoint(trained.row, trained.seed, trained.tuned), arguments.folder)
    write_text(arguments.folder / CARD, card(results, trained, model))
    print(f"{arguments.folder}: row {trained.row}, seed {trained.seed} of {model.dataset}")


main = cli.command(export, Arguments)

if __name__ == "__main__":
    main()
