"""Draw the method: two spaces, and the two paths that imagine."""

from dataclasses import dataclass

from gxn import cli
from gxn.reporting import style
from gxn.reporting.framework import framework


@dataclass(frozen=True, kw_only=True)
class Arguments(style.Outputs):
    """Arguments of the step."""


def figure_framework(arguments: Arguments) -> None:
    """Draw the figure."""
    with style.house_style():
        style.save(framework(), arguments)


main = cli.command(figure_framework, Arguments)

if __name__ == "__main__":
    main()
