"""Draw the method: two spaces, and the two paths that imagine.

Look: images and captions are embedded in an abstract space (h) and a grounded one (l). Match: a hinge on the
mixed similarity of both. Imagine: a caption is decoded from the grounded image embedding, and an image is drawn
from the grounded caption embedding; retrieval uses neither.
"""

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
