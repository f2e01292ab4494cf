"""Gather what all runs imagined into one table: caption metrics, and how drawings follow their captions."""

from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.reporting.imagined import COLUMNS, imagination
from gxn.reporting.tables import to_csv


def step(imagined: list[Path], methods: list[str], csv: Path) -> None:
    """Write the table."""
    text = to_csv(imagination(imagined, methods), COLUMNS)
    write_text(csv, text)
    print(text)


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--imagined", type=Path, nargs="*", required=True, help="JSON of the step imagine")
    parser.add_argument("--methods", type=cli.names_argument, required=True, help="rows, in order")
    parser.add_argument("--csv", type=Path, required=True)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
