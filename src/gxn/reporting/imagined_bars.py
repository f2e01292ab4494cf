"""Measures of what rows imagine, beside people and chance: a panel per measure, a bar per row."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gxn.reporting import style
from gxn.reporting.rows import Rows, label
from gxn.reporting.tables import Row

PANELS = {  # measure: title, and where chance is found: a column of the row, or of the line `chance`
    "cider_d": ("CIDEr-D", "cider_d_chance"),
    "mentions_true": ("True things", None),
    "ground_right": ("True grounds", None),
    "drawn_colour": ("Colours drawn", "drawn_colour_chance"),
    "drawn_ground": ("Grounds drawn", "drawn_ground_chance"),
    "drawn_shape": ("Shapes drawn", "drawn_shape_chance"),
}
PEOPLE, CHANCE = "people", "chance"
COLUMNS = 3


def panels(table: Sequence[Row]) -> list[str]:
    """Measures of PANELS that a row of the table has."""
    return [key for key in PANELS if any(row.get(key) is not None for row in table if row["seeds"])]


def imagined_bars(table: Sequence[Row], rows: Rows) -> Figure:
    """Bars are means over seeds, whiskers one standard deviation, dashed lines people, dotted lines chance.

    A row of which a seed has collapsed says so beside its name.
    """
    shown = panels(table)
    count = -(-len(shown) // COLUMNS)
    most = max(len(_own(key, table)) for key in shown)
    size = (style.WIDTH, (0.62 + 0.15 * most) * count)
    figure, axes = pyplot.subplots(count, COLUMNS, figsize=size, squeeze=False, layout="constrained")
    for axis, key in zip(axes.flat, shown, strict=False):
        _panel(axis, key, table, rows)
    for axis in axes.flat[len(shown) :]:
        axis.set_axis_off()
    return figure


def _own(key: str, table: Sequence[Row]) -> list[Row]:
    """The rows that have a measure."""
    return [row for row in table if row["seeds"] and row.get(key) is not None]


def _ends(own: Sequence[Row], key: str) -> list[float]:
    """The end of the whiskers."""
    return [row[key] + (row[f"{key}_std"] or 0.0) for row in own]


def _panel(axis: Axes, key: str, table: Sequence[Row], rows: Rows) -> None:
    title, by_chance = PANELS[key]
    own = _own(key, table)
    people, chance = (
        next((row for row in table if row["method"] == name), {}).get(key) for name in (PEOPLE, CHANCE)
    )
    if by_chance:
        chance = np.mean([row[by_chance] for row in own])
    look, places = style.looks(rows), np.arange(len(own))
    axis.barh(
        places, [row[key] for row in own], height=0.7, alpha=0.6, linewidth=0,
        xerr=[row[f"{key}_std"] or 0.0 for row in own], color=[look[row["method"]].colour for row in own],
        error_kw={"elinewidth": 0.9, "capsize": 2, "ecolor": style.INK},
    )  # fmt: skip
    for value, dashes in ((people, (0, (5, 1.5))), (chance, ":")):
        if value is not None:
            axis.axvline(value, color=style.INK, linewidth=1.1, linestyle=dashes)
    names = [label(rows, row["method"]) + " (collapsed)" * bool(row["collapsed"]) for row in own]
    axis.set_yticks(places, names, fontsize=6.5)
    axis.set_ylim(len(own) - 0.4, -0.6)
    axis.set_xlim(0, 1.08 * max(value for value in (*_ends(own, key), people, chance) if value is not None))
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="y", visible=False)
    axis.set_title(title, fontsize=8)
    axis.locator_params(axis="x", nbins=4)
