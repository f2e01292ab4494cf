"""Recall@K: the share of queries answered among the first K, for K up to fifty."""

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from gxn.evaluation.metrics import DIRECTIONS, chance_i2t, chance_t2i, recall_curve
from gxn.evaluation.ranked import Ranked, by_search
from gxn.reporting import names, style
from gxn.reporting.rows import Rows, label

DEPTH = 50
TICKS = (1, 2, 5, 10, 20, 50)


def recall_curves(runs: list[Ranked], table_rows: Rows) -> Figure:
    """Both directions side by side, a line of panels per dataset and protocol; means over seeds."""
    searches = by_search(runs)
    figure, axes = pyplot.subplots(
        len(searches),
        2,
        figsize=(style.WIDTH, 0.3 + 2.7 * len(searches)),
        squeeze=False,
        layout="constrained",
    )
    for line, ((dataset, protocol), rows) in zip(axes, searches.items(), strict=True):
        for axis, way in zip(line, DIRECTIONS, strict=True):
            _panel(axis, way, rows, table_rows)
        line[0].set_ylabel(f"Recall@K (%), {names.dataset(dataset, protocol)}")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", handlelength=3.2)
    return figure


def _panel(axis: Axes, way: str, rows: dict[str, list[Ranked]], table_rows: Rows) -> None:
    depths = np.arange(1, DEPTH + 1)
    look = style.looks(table_rows)
    for method, runs in rows.items():
        curves = np.stack([recall_curve(getattr(run, way), DEPTH) for run in runs])
        of = look[method]
        axis.plot(
            depths, curves.mean(axis=0), color=of.colour, linestyle=of.dashes, label=label(table_rows, method)
        )
        axis.fill_between(
            depths, curves.min(axis=0), curves.max(axis=0), color=of.colour, alpha=0.15, linewidth=0
        )
    first = next(iter(rows.values()))[0]
    axis.plot(depths, _chance(first, way), color=style.MUTED, linewidth=0.9, linestyle=":", label="Chance")
    axis.set_xscale("log")
    axis.set_xlim(1, DEPTH)
    axis.set_ylim(0, min(101.0, axis.get_ylim()[1]))
    axis.xaxis.set_major_locator(FixedLocator(TICKS))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticklabels([str(tick) for tick in TICKS])
    axis.set_xlabel("K")
    axis.set_title(names.DIRECTIONS[way])


def _chance(run: Ranked, way: str) -> np.ndarray:
    """The mean over folds of what a random order would give."""
    captions = np.bincount(run.caption_image, minlength=len(run.imgid))
    levels = []
    for fold in np.unique(run.fold):
        own = captions[run.fold == fold]
        levels.append(chance_t2i(len(own), DEPTH) if way == "t2i" else chance_i2t(own, DEPTH))
    return np.mean(levels, axis=0)
