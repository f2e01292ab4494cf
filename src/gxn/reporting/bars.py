"""Bars of the ablation: one panel per number, one bar per row, a dot per seed."""

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gxn.reporting import names, style
from gxn.reporting.rows import Rows, label
from gxn.reporting.runs import Run
from gxn.reporting.tables import Row, ablation

PANELS = ("i2t_r1", "i2t_r10", "t2i_r1", "t2i_r10", "rsum")


def ablation_bars(runs: list[Run], table_rows: Rows) -> Figure:
    """A line of panels per dataset; bars, means over seeds, start at zero, whiskers are one standard deviation."""
    table = ablation(runs)
    datasets = list(dict.fromkeys(str(row["dataset"]) for row in table))
    height = 0.75 + len(datasets) * (0.55 + 0.23 * len(table_rows))
    figure, axes = pyplot.subplots(
        len(datasets),
        len(PANELS),
        figsize=(style.WIDTH, height),
        squeeze=False,
        sharey=True,
        layout="constrained",
    )
    for line, dataset in zip(axes, datasets, strict=True):
        rows = {row["method"]: row for row in table if row["dataset"] == dataset}
        for axis, key in zip(line, PANELS, strict=True):
            dots = [
                [run.numbers[key] for run in runs if (run.dataset, run.method) == (dataset, method)]
                for method in table_rows
            ]
            _panel(axis, key, [rows[method] for method in table_rows], dots, table_rows)
        place = {"xy": (0, 1), "xycoords": "axes fraction", "xytext": (-6, 8), "textcoords": "offset points"}
        line[0].annotate(dataset, **place, ha="right", fontweight="bold")
    return figure


def _panel(axis: Axes, key: str, rows: list[Row], dots: list[list[float]], table_rows: Rows) -> None:
    places = np.arange(len(table_rows))
    look = style.looks(table_rows)
    values = [row[key] for row in rows]
    colours = [look[method].colour for method in table_rows]
    axis.barh(places, values, height=0.72, color=colours, alpha=0.55, linewidth=0)
    spread = [row[f"{key}_std"] or 0.0 for row in rows]
    axis.errorbar(values, places, xerr=spread, fmt="none", ecolor=style.INK, elinewidth=0.9, capsize=2)
    for place, seeds, colour in zip(places, dots, colours, strict=True):
        shift = np.linspace(-0.2, 0.2, len(seeds)) if len(seeds) > 1 else np.zeros(1)
        axis.scatter(seeds, place + shift, s=5, color=colour, edgecolor=style.INK, linewidth=0.4, zorder=3)
    most = max(max(max(seeds) for seeds in dots), max(v + s for v, s in zip(values, spread, strict=True)))
    axis.set_xlim(0, most * 1.34)  # room for the numbers
    for place, value, std, seeds in zip(places, values, spread, dots, strict=True):
        end = max(value + std, *seeds)
        text = f"{value:.0f}" if key == "rsum" else f"{value:.1f}"
        axis.text(end + 0.045 * most, place, text, va="center", fontsize=6.5)
    axis.set_yticks(places, [label(table_rows, method) for method in table_rows])
    axis.set_ylim(len(table_rows) - 0.4, -0.6)
    axis.set_title(names.column(key).replace(" R@", "\nR@") + (" (%)" if key != "rsum" else "\n"))
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)
    axis.locator_params(axis="x", nbins=4)
