"""Draw the method: two spaces, and the two paths that imagine."""

from pathlib import Path

from gxn import cli
from gxn.reporting import style
from gxn.reporting.framework import framework


def step(pdf: Path, png: Path) -> None:
    """Draw the figure."""
    with style.house_style():
        style.save(framework(), pdf, png)


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    style.add_outputs(parser)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
