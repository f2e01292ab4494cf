"""Draw the training curves of every stage."""

from pathlib import Path

from gxn import cli
from gxn.reporting import style
from gxn.reporting.training import read_curve, training_curves


def step(curves: list[Path], methods: list[str], pdf: Path, png: Path) -> None:
    """Draw the figure."""
    with style.house_style():
        style.save(training_curves([read_curve(path) for path in sorted(curves)], methods), pdf, png)


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--curves", type=Path, nargs="+", required=True, help="STAGE/NAME/seedN.csv")
    parser.add_argument("--methods", type=cli.names_argument, required=True, help="rows, in order")
    style.add_outputs(parser)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
