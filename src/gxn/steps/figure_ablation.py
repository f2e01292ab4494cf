"""Draw the ablation as bars: R@1 and R@10 both ways and rsum of every row, with the spread over seeds."""

from pathlib import Path

from gxn import cli
from gxn.reporting import style
from gxn.reporting.bars import ablation_bars
from gxn.reporting.runs import read_runs


def step(metrics: list[Path], methods: list[str], pdf: Path, png: Path) -> None:
    """Draw the figure."""
    with style.house_style():
        style.save(ablation_bars(read_runs(metrics, methods), methods), pdf, png)


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="JSON of the step evaluate")
    parser.add_argument("--methods", type=cli.names_argument, required=True, help="rows, in order")
    style.add_outputs(parser)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
