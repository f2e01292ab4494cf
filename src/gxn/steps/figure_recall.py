"""Draw Recall@K both ways for K up to 50, from the ranks of every run."""

from pathlib import Path

from gxn import cli
from gxn.evaluation.ranked import read_ranks
from gxn.reporting import style
from gxn.reporting.curves import recall_curves


def step(ranks: list[Path], methods: list[str], pdf: Path, png: Path) -> None:
    """Draw the figure."""
    with style.house_style():
        style.save(recall_curves(read_ranks(ranks, methods), methods), pdf, png)


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--ranks", type=Path, nargs="+", required=True, help="HDF5 of the step evaluate")
    parser.add_argument("--methods", type=cli.names_argument, required=True, help="rows, in order")
    style.add_outputs(parser)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
