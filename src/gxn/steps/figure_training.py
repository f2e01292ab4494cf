"""Draw the training curves of every stage.

Stages are in the order of training; one that several rows share is drawn once. Lines are means over seeds,
bands range from the least to the most. Losses are means over an epoch's batches.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.configuration.rows import Method
from gxn.reporting import style
from gxn.reporting.rows import with_encoders
from gxn.reporting.training import read_curve, training_curves


@dataclass(frozen=True, kw_only=True)
class Arguments(style.FigureArguments):
    """Arguments of the step."""

    curves: tuple[Path, ...] = cli.option("CSV files of training, STAGE/NAME/seedN.csv")


def figure_training(arguments: Arguments) -> None:
    """Draw the figure."""
    curves = [read_curve(path) for path in sorted(arguments.curves)]
    methods = arguments.configuration.methods.items()
    encoders = {key: row.encoder for key, row in methods if isinstance(row, Method)}
    with style.house_style():
        style.save(training_curves(curves, with_encoders(arguments.rows, encoders)), arguments)


main = cli.command(figure_training, Arguments)

if __name__ == "__main__":
    main()
