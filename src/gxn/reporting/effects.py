"""Figures of answers: differences in rsum with their 95 % intervals, as a list and along a quantity."""

import pandas as pd
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from gxn.reporting import style
from gxn.reporting.rows import Rows

LINES = {"Captions": "gxn_i2t_xe", "Drawings": "gxn_t2i", "Both": "gxn_i2t_t2i"}  # whose row has the colour
UNIT = "Difference in rsum, points"


def effects(table: pd.DataFrame, rows: Rows, smallest: float) -> Figure:
    """One line per comparison: the row's difference from its control; a band where it would not matter."""
    height = 0.55 + 0.21 * len(table)
    figure, axis = pyplot.subplots(figsize=(style.WIDTH, height), layout="constrained")
    look = style.looks(rows)
    axis.axvspan(-smallest, smallest, color=style.MUTED, alpha=0.13, linewidth=0)
    axis.axvline(0, color=style.MUTED, linewidth=0.8)
    for place, line in enumerate(table.to_dict("records")):
        of = look[line["row"]]
        _interval(axis, line["difference"], place, line, of)
    names = [f"{line['label']} − {line['against']}" for line in table.to_dict("records")]
    axis.set_yticks(range(len(table)), names)
    axis.set_ylim(len(table) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="y", visible=False)
    axis.set_xlabel(UNIT)
    return figure


def along(table: pd.DataFrame, rows: Rows, quantity: str, smallest: float) -> Figure:
    """Lines over a quantity, `at`: the difference of each kind of imagining from its control; log axis."""
    figure, axis = pyplot.subplots(figsize=(style.WIDTH * 0.62, 2.3), layout="constrained")
    look = style.looks(rows)
    axis.axhspan(-smallest, smallest, color=style.MUTED, alpha=0.13, linewidth=0)
    axis.axhline(0, color=style.MUTED, linewidth=0.8)
    for place, (name, row) in enumerate(LINES.items()):
        own = table[table["line"] == name].sort_values("at")
        of, shifted = look[row], own["at"] * (1 + 0.035 * (place - 1))
        errors = [own["difference"] - own["low"], own["high"] - own["difference"]]
        axis.errorbar(
            shifted, own["difference"], yerr=errors, color=of.colour, linestyle=of.dashes, marker=of.marker,
            markersize=4, capsize=2, elinewidth=0.9, label=name,
        )  # fmt: skip
    ticks = sorted(table["at"].unique())
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(FixedLocator(ticks))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticklabels([f"{tick:,g}" for tick in ticks])
    axis.set_xlabel(quantity)
    axis.set_ylabel(UNIT)
    figure.legend(loc="outside right center", handlelength=3)
    return figure


def _interval(axis: Axes, value: float, place: int, line: dict, of: style.Look) -> None:
    axis.errorbar(
        value, place, xerr=[[value - line["low"]], [line["high"] - value]], color=of.colour, marker=of.marker,
        markersize=4.5, capsize=2.5, elinewidth=1.2, markeredgecolor=style.INK, markeredgewidth=0.4,
    )  # fmt: skip
