"""Draw Recall@K both ways for K up to 50, and its difference from the control's, from the ranks of every run.

K is on a logarithmic axis. Lines are means over seeds, bands range from the least to the most, dots show a random
order. The lower panels show the same less the recall of the control, in points.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.evaluation.ranked import read_ranks
from gxn.reporting import style
from gxn.reporting.curves import recall_curves


@dataclass(frozen=True, kw_only=True)
class Arguments(style.FigureArguments):
    """Arguments of the step."""

    ranks: tuple[Path, ...] = cli.option("HDF5 files of the step evaluate")


def figure_recall(arguments: Arguments) -> None:
    """Draw the figure."""
    rows = arguments.rows
    with style.house_style():
        control = arguments.configuration.significance.control
        style.save(recall_curves(read_ranks(arguments.ranks, rows), rows, control), arguments)


main = cli.command(figure_recall, Arguments)

if __name__ == "__main__":
    main()
