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


def recall_curves(runs: list[Ranked], table_rows: Rows, control: str) -> Figure:
    """Both directions side by side, for each dataset and protocol a line of recalls and one of differences.

    Lines are means over seeds, bands go from the least to the most. Differences are from the row
    `control`; a dataset without it has none.
    """
    searches = by_search(runs)
    lines = {search: (None, control) if control in rows else (None,) for search, rows in searches.items()}
    parts = [(search, less) for search, each in lines.items() for less in each]
    figure, axes = pyplot.subplots(
        len(parts), 2, figsize=(style.WIDTH, 0.3 + 2.25 * len(parts)), squeeze=False, layout="constrained"
    )
    for line, (search, less) in zip(axes, parts, strict=True):
        for axis, way in zip(line, DIRECTIONS, strict=True):
            _panel(axis, way, searches[search], table_rows, less)
        named = names.dataset(*search)
        less_control = f"Recall@K less that of\n{label(table_rows, control)} (points), {named}"
        line[0].set_ylabel(less_control if less else f"Recall@K (%), {named}")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", handlelength=3.2)
    return figure


def _panel(
    axis: Axes, way: str, rows: dict[str, list[Ranked]], table_rows: Rows, control: str | None
) -> None:
    depths = np.arange(1, DEPTH + 1)
    look = style.looks(table_rows)
    less = _curves(rows[control], way) if control else np.zeros((1, DEPTH))
    for method, runs in rows.items():
        curves = _curves(runs, way) - less  # of equal seed
        of = look[method]
        axis.plot(
            depths, curves.mean(axis=0), color=of.colour, linestyle=of.dashes, label=label(table_rows, method)
        )
        axis.fill_between(
            depths, curves.min(axis=0), curves.max(axis=0), color=of.colour, alpha=0.15, linewidth=0
        )
    if control is None:
        first = next(iter(rows.values()))[0]
        axis.plot(depths, chance(first, way), color=style.MUTED, linewidth=0.9, linestyle=":", label="Chance")
        axis.set_ylim(0, min(101.0, axis.get_ylim()[1]))
        axis.set_title(names.DIRECTIONS[way])
    axis.set_xscale("log")
    axis.set_xlim(1, DEPTH)
    axis.xaxis.set_major_locator(FixedLocator(TICKS))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticklabels([str(tick) for tick in TICKS])
    axis.set_xlabel("K")


def _curves(runs: list[Ranked], way: str) -> np.ndarray:
    """Recall curves of runs, (S, DEPTH)."""
    return np.stack([recall_curve(getattr(run, way), DEPTH) for run in runs])


def chance(run: Ranked, way: str) -> np.ndarray:
    """R@K of a random order in percent, K = 1 to DEPTH, mean over folds: (DEPTH,)."""
    captions = np.bincount(run.caption_image, minlength=len(run.imgid))
    levels = []
    for fold in np.unique(run.fold):
        own = captions[run.fold == fold]
        levels.append(chance_t2i(len(own), DEPTH) if way == "t2i" else chance_i2t(own, DEPTH))
    return np.mean(levels, axis=0)
