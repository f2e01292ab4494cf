"""Draw the ablation as bars: R@1 and R@10 both ways and rsum of every row, with the spread over seeds.

Bars are means over seeds, whiskers one sample standard deviation, dots the seeds; all numbers are of the test
split.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.reporting import style
from gxn.reporting.bars import ablation_bars
from gxn.reporting.runs import read_runs


@dataclass(frozen=True, kw_only=True)
class Arguments(style.FigureArguments):
    """Arguments of the step."""

    metrics: tuple[Path, ...] = cli.option("JSON files of the step evaluate")


def figure_ablation(arguments: Arguments) -> None:
    """Draw the figure."""
    rows = arguments.rows
    with style.house_style():
        style.save(ablation_bars(read_runs(arguments.metrics, rows), rows), arguments)


main = cli.command(figure_ablation, Arguments)

if __name__ == "__main__":
    main()
