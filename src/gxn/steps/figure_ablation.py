"""Draw the ablation as bars: R@1 and R@10 both ways and rsum of every row, with the spread over seeds."""

from pathlib import Path

from gxn import cli
from gxn.reporting import style
from gxn.reporting.bars import ablation_bars
from gxn.reporting.runs import read_runs
from gxn.reporting.tables import read_table


def step(table: Path, metrics: list[Path], methods: list[str], pdf: Path, png: Path) -> None:
    """Draw the figure."""
    with style.house_style():
        style.save(ablation_bars(read_table(table), read_runs(metrics, methods), methods), pdf, png)


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="CSV of the step table")
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="JSON that it was made from")
    parser.add_argument("--methods", type=cli.json_argument, required=True, help="rows, in order")
    style.add_outputs(parser)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
