"""Figures of differences in rsum with their 95 % intervals: row by row, and along a quantity."""

import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from gxn.reporting import style
from gxn.reporting.rows import Rows, label

LINES = {"Captions": "gxn_i2t_xe", "Drawings": "gxn_t2i", "Both": "gxn_i2t_t2i"}  # whose row has the colour
UNIT = "Difference in rsum, points"
FAR = 60.0  # points: rows further off are told in numbers, so that small differences can be seen
CLOSED = "cca"  # what is found without training: a line across the figure


def effects(table: pd.DataFrame, rows: Rows, smallest: float) -> Figure:
    """A panel per study: each row's difference from the control; a band where none matters, a line of CCA's.

    A difference beyond FAR is a number at the panel's edge.

    Args:
        table: lines of `gxn.reporting.answers.against_control` of one or more studies.
        rows: all rows of these studies.
        smallest: half the band's width, points.
    """
    order = [row for row in rows if row in set(table["row"])]
    studies = list(table["study"].unique())
    size = (style.WIDTH, 0.95 + 0.19 * len(order))
    figure, axes = pyplot.subplots(
        1, len(studies), figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    for axis, study in zip(axes[0], studies, strict=True):
        _study(axis, table[table["study"] == study], order, rows, smallest)
        if len(studies) > 1:
            axis.set_title(study, fontweight="bold")
    axes[0, 0].set_yticks(range(len(order)), [label(rows, row) for row in order])
    axes[0, 0].set_ylim(len(order) - 0.4, -0.6)
    return figure


def _study(axis: Axes, table: pd.DataFrame, order: list[str], rows: Rows, smallest: float) -> None:
    look, control, rsum = style.looks(rows), table["control"].iloc[0], float(table["control_rsum"].iloc[0])
    axis.axvspan(-smallest, smallest, color=style.MUTED, alpha=0.13, linewidth=0)
    axis.axvline(0, color=look[control].colour if control in look else style.MUTED, linewidth=1.0)
    for line in table.to_dict("records"):
        of, value = look[line["row"]], line["difference"]
        if abs(value) > FAR:
            _at_the_edge(axis, value, order.index(line["row"]))
            continue
        axis.errorbar(
            value, order.index(line["row"]), xerr=[[value - line["low"]], [line["high"] - value]],
            color=of.colour, marker=of.marker, markersize=4.5, capsize=2.5, elinewidth=1.2,
            markeredgecolor=style.INK, markeredgewidth=0.4,
        )  # fmt: skip
        if line["row"] == CLOSED:
            axis.axvline(value, color=of.colour, linewidth=1.0, linestyle=(0, (4, 2)), zorder=0)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="y", visible=False)
    axis.set_xlabel(f"{UNIT}, from {label(rows, control)}")
    above = axis.secondary_xaxis("top", functions=(lambda x: x + rsum, lambda x: x - rsum))
    above.set_xlabel("rsum")


def _at_the_edge(axis: Axes, value: float, height: int) -> None:
    side, text = ("left", f"\u25c2 {value:.0f}") if value < 0 else ("right", f"{value:+.0f} \u25b8")
    axis.text(
        0.01 if value < 0 else 0.99, height, text.replace("-", "\u2212"), transform=axis.get_yaxis_transform(),
        horizontalalignment=side, verticalalignment="center", fontsize="small",
    )  # fmt: skip


def along(table: pd.DataFrame, rows: Rows, quantity: str, smallest: float) -> Figure:
    """Lines over a quantity, `at`: the difference of each kind of imagining from its control; log axis."""
    figure, axis = pyplot.subplots(figsize=(style.WIDTH * 0.62, 2.3), layout="constrained")
    look = style.looks(rows)
    axis.axhspan(-smallest, smallest, color=style.MUTED, alpha=0.13, linewidth=0)
    axis.axhline(0, color=style.MUTED, linewidth=0.8)
    for place, (name, row) in enumerate(LINES.items()):
        own = table[table["line"] == name].sort_values("at")
        if own.empty:
            continue
        of, shifted = look[row], own["at"] * (1 + 0.035 * (place - 1))
        errors = [own["difference"] - own["low"], own["high"] - own["difference"]]
        axis.errorbar(
            shifted, own["difference"], yerr=errors, color=of.colour, linestyle=of.dashes, marker=of.marker,
            markersize=4, capsize=2, elinewidth=0.9, label=name,
        )  # fmt: skip
    ticks = np.sort(table["at"].unique())
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(FixedLocator(ticks))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticklabels([f"{tick:,g}" for tick in ticks])
    axis.set_xlabel(quantity)
    axis.set_ylabel(UNIT)
    figure.legend(loc="outside right center", handlelength=3)
    return figure
