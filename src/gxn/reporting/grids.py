"""Retrieval grids: what was asked, what was found, what was imagined."""

import textwrap
from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.gridspec import GridSpec
from matplotlib.textpath import TextToPath

from gxn.reporting import style
from gxn.reporting.queries import Found

ROWS, BEST = 5, 5
CORRECT, WRONG = "✓", "·"
PLAIN = {"parse_math": False}  # a caption may speak of dollars


def image_grid(
    found: list[Found],
    pictures: Sequence[np.ndarray | str],
    sentences: list[str],
    caption_image: np.ndarray,
    spoken: list[str] | None,
    collapsed: bool = False,
) -> Figure:
    """One row per image: its best captions, own ones marked, and the caption imagined from it.

    Args:
        found: queries; rows of images, best rows of captions.
        pictures: (H, W, 3) uint8 of each query, or its name where there is no picture.
        sentences: text of every caption.
        caption_image: (M,) the image of each.
        spoken: an imagined caption of each query, or None to leave the column out.
        collapsed: the decoder has collapsed, as the head of that column says.
    """
    widths = [1.0, 4.6, 1.5] if spoken else [1.0, 6.1]
    figure, grid = _frame(len(found), widths, 1.12)
    imagined = "Collapsed caption" if collapsed else "Imagined caption"
    titles = ["Image", f"Best {BEST} captions, {CORRECT} its own", imagined]
    for line, (one, picture) in enumerate(zip(found, pictures, strict=True)):
        axes = [figure.add_subplot(grid[line, place]) for place in range(len(widths))]
        _picture(axes[0], picture, style.INK, 0.6)
        axes[0].set_xlabel(f"rank {one.rank:g}", fontsize=6.5, labelpad=2, color=style.MUTED)
        _sentences(
            axes[1], [(sentences[row], caption_image[row] == one.query) for row in one.best], widths[1]
        )
        if spoken:
            _paragraph(axes[2], spoken[line], widths[2])
        if line == 0:
            _titles(axes, titles)
    return figure


def caption_grid(
    found: list[Found],
    queries: list[str],
    pictures: Sequence[Sequence[np.ndarray | str]],
    query_image: list[int],
    drawn: np.ndarray | None,
    collapsed: bool = False,
) -> Figure:
    """One row per caption: its best images, its own one framed and marked, and the image imagined from it.

    Args:
        found: queries; rows of captions, best rows of images.
        queries: text of each.
        pictures: for each query, (H, W, 3) uint8 of each of its best images, or their names.
        query_image: the image row of each query.
        drawn: (len(found), S, S, 3) uint8 imagined from each query, or None to leave the column out.
        collapsed: the generator has collapsed, as the head of that column says.
    """
    widths = [1.5, *[1.0] * BEST] + ([0.12, 1.0] if drawn is not None else [])
    figure, grid = _frame(len(found), widths, style.WIDTH / sum(widths) + 0.06)
    for line, one in enumerate(found):
        axes = [figure.add_subplot(grid[line, place]) for place in range(BEST + 1)]
        _paragraph(axes[0], queries[line], style.WIDTH * widths[0] / sum(widths), f"rank {one.rank:g}")
        for axis, picture, row in zip(axes[1:], pictures[line], one.best, strict=False):
            own = row == query_image[line]
            _picture(axis, picture, style.CORRECT if own else style.MUTED, 2.4 if own else 0.4)
            if own:
                _mark(axis)
        for axis in axes[1 + len(one.best) :]:
            axis.set_axis_off()
        titles = ["Caption", *map(str, range(1, BEST + 1))]
        if drawn is not None:
            axes.append(figure.add_subplot(grid[line, BEST + 2]))
            _picture(axes[-1], drawn[line], style.INK, 0.8, (0, (3, 2)))
            titles.append("Collapsed" if collapsed else "Imagined")
        if line == 0:
            _titles(axes, titles)
    return figure


def _frame(lines: int, widths: list[float], height: float) -> tuple[Figure, GridSpec]:
    """A figure with its places, in inches from the top so that rows are equal whatever stands in them."""
    total = 0.4 + lines * height
    figure = pyplot.figure(figsize=(style.WIDTH, total))
    grid = figure.add_gridspec(
        lines, len(widths), width_ratios=widths, left=0.01, right=0.99, top=1 - 0.27 / total,
        bottom=0.14 / total, wspace=0.05, hspace=0.2,
    )  # fmt: skip
    return figure, grid


def _titles(axes: list[Axes], titles: list[str]) -> None:
    """Column heads: over the middle of pictures, over the beginning of text."""
    for axis, title in zip(axes, titles, strict=False):
        side = "center" if axis.axison else "left"  # text has no frame
        axis.set_title(title, fontsize=8, fontweight="bold", loc=side, pad=5)


def _picture(
    axis: Axes, picture: np.ndarray | str, colour: str, width: float, dashes: str | tuple = "-"
) -> None:
    """A picture in its own aspect; in its place the image's name, where there is no picture."""
    if isinstance(picture, str):
        name = "\n".join(textwrap.wrap(picture, 14, max_lines=4, placeholder=" …"))
        axis.text(0.5, 0.5, name, ha="center", va="center", fontsize=6, color=style.MUTED, **PLAIN)
        axis.set_aspect("equal", adjustable="box")
    else:
        axis.imshow(picture, interpolation="lanczos", interpolation_stage="rgba", aspect="equal")
    axis.set(xticks=[], yticks=[])
    axis.grid(visible=False)
    for spine in axis.spines.values():
        spine.set(visible=True, edgecolor=colour, linewidth=width, linestyle=dashes)


def _mark(axis: Axes) -> None:
    box = {"boxstyle": "square,pad=0.12", "facecolor": style.CORRECT, "linewidth": 0}
    axis.text(
        0.94,
        0.94,
        CORRECT,
        transform=axis.transAxes,
        ha="right",
        va="top",
        fontsize=7,
        color="white",
        bbox=box,
    )


def _wrapped(text: str, inches: float, size: float, lines: int) -> list[str]:
    """Lines that fit `inches`, with an ellipsis where the rest is left out; 0.54 em is wide for Latin letters."""
    width, found = max(8, int(inches * 72 / (0.54 * size))), []
    while not found or (width > 8 and max(map(partial(_inches, size), found)) > inches):
        found = textwrap.wrap(text, width, max_lines=lines, placeholder=" …") or [""]
        width -= 1
    return found


def _inches(size: float, line: str) -> float:
    """Width of a line as it is drawn."""
    return TextToPath().get_text_width_height_descent(line, FontProperties(size=size), ismath=False)[0] / 72


def _sentences(axis: Axes, sentences: list[tuple[str, bool]], inches: float) -> None:
    """Captions below each other, each on at most two lines; those that are right are marked."""
    axis.set_axis_off()
    size = 6.8
    wrapped = [(_wrapped(text, inches - 0.25, size, 2), right) for text, right in sentences]
    step = min(0.155, 1.0 / max(1, sum(len(lines) + 0.25 for lines, _ in wrapped)))
    height = 1.0
    for lines, right in wrapped:
        look = {"fontsize": size, "va": "top", "color": style.CORRECT if right else style.INK}
        weight = "bold" if right else "normal"
        axis.text(0.0, height, CORRECT if right else WRONG, fontweight=weight, **PLAIN, **look)
        for line in lines:
            axis.text(0.16 / inches, height, line, **PLAIN, **look)
            height -= step
        height -= 0.25 * step


def _paragraph(axis: Axes, text: str, inches: float, below: str | None = None) -> None:
    axis.set_axis_off()
    lines = _wrapped(text, inches - 0.1, 7.0, 7)
    axis.text(
        0.0, 1.0, "\n".join(lines), va="top", fontsize=7.0, fontstyle="italic", linespacing=1.25, **PLAIN
    )
    if below:
        axis.text(0.0, 0.0, below, va="bottom", fontsize=6.5, color=style.MUTED, **PLAIN)
