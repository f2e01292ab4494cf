"""Training curves: one block per stage, one panel per quantity, one line per row, a band over seeds."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from gxn.errors import GxnError
from gxn.reporting import style
from gxn.reporting.rows import Rows, label

STAGES = {
    "cnn": "CNN on rendered shapes",
    "pretrain_ranking": "Ranking pretraining",
    "pretrain_xe": "Caption decoder, cross-entropy",
    "pretrain_scst": "Caption decoder, cross-entropy and REINFORCE",
    "pretrain_gan": "Generator and discriminator",
    "joint": "Joint training",
    "system": "Systems that another objective trains, warm-up and joint training",
    "finetune": "Fine-tuning with the CNN",
}
QUANTITIES = {
    "loss": "Loss",
    "accuracy": "Accuracy, mean of its questions",
    "ranking_loss": "Ranking loss",
    "val_rsum": "Validation rsum",
    "xe_loss": "Cross-entropy",
    "reward": "Reward of samples",
    "val_cider_d": "Validation CIDEr-D",
    "discriminator_loss": "Discriminator loss",
    "generator_loss": "Generator loss",
    "kl": "KL term",
    "correspondence_loss": "Correspondence loss",
    "distance_loss": "Distance loss",
    "label_loss": "Label loss",
    "modality_loss": "Modality loss",
}
COLUMNS = 4
LINE = 1.05  # inches


@dataclass(frozen=True)
class Curve:
    """One run of one stage: epoch (E,), and each quantity (E,), NaN where it was not measured.

    `name` is the row's, or of a stage that rows share their encoders'.
    """

    stage: str
    name: str
    epoch: np.ndarray
    values: dict[str, np.ndarray]


def read_curve(path: Path) -> Curve:
    """Read `.../{stage}/{name}/seed{n}.csv`, or `.../cnn.csv`, which is trained once for all rows.

    Raises:
        GxnError: the file is missing, is empty, or its first column is not `epoch`.
    """
    stage, name = "cnn", "All rows"
    if path.name != "cnn.csv":
        if len(path.parts) < 3 or path.parts[-3] not in STAGES or not path.stem.startswith("seed"):
            raise GxnError(f"{path}: is not named STAGE/NAME/seedN.csv with a stage of {', '.join(STAGES)}")
        stage, name = path.parts[-3:-1]
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        table = np.array([[float(cell or "nan") for cell in row] for row in rows[1:]])
    except (OSError, ValueError, csv.Error) as error:
        raise GxnError(f"{path}: cannot be read as curves: {error}") from error
    if (
        not len(table)
        or rows[0][:1] != ["epoch"]
        or not 1 + (stage == "cnn") < len(rows[0]) == table.shape[1]
    ):
        raise GxnError(f"{path}: is not a table of curves with a first column 'epoch'")
    values = {quantity: table[:, place] for place, quantity in enumerate(rows[0]) if place}
    if stage == "cnn":  # beside its loss stands the share of right answers to each kind of question
        values = {"loss": table[:, 1], "accuracy": table[:, 2:].mean(axis=1)}
    return Curve(stage, name, table[:, 0], values)


def training_curves(curves: list[Curve], table_rows: Rows) -> Figure:
    """All stages below each other, in the order they are trained in."""
    stages = [stage for stage in STAGES if any(curve.stage == stage for curve in curves)]
    if not stages:
        raise GxnError("no curves given: nothing to draw")
    blocks = [[curve for curve in curves if curve.stage == stage] for stage in stages]
    heights = [0.33 + LINE * sum(_lines(block)) for block in blocks]
    figure = pyplot.figure(figsize=(style.WIDTH, sum(heights)), layout="constrained")
    parts = figure.subfigures(len(stages), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, stage, block in zip(parts, stages, blocks, strict=True):
        part.suptitle(STAGES[stage], x=0.01, ha="left", fontsize=8.5, fontweight="bold")
        _block(part, block, table_rows)
    return figure


def _quantities(curves: list[Curve]) -> list[str]:
    """List the quantities to draw, in order; a validation loss goes into the panel of the training loss."""
    present = {quantity for curve in curves for quantity in curve.values}
    return [name for name in QUANTITIES if name in present]


def _lines(curves: list[Curve]) -> list[float]:
    """Heights of a block's lines: the legend takes a panel's place, or a low line where none is free."""
    panels, names = len(_quantities(curves)), len({curve.name for curve in curves})
    legend = max(0.4, 0.2 * -(-names // COLUMNS))
    return [1.0] * -(-panels // COLUMNS) + [legend] * (panels % COLUMNS == 0)


def _block(part: SubFigure, curves: list[Curve], table_rows: Rows) -> None:
    quantities = _quantities(curves)
    lines = _lines(curves)
    alone = len(lines) * COLUMNS == len(quantities) + COLUMNS
    axes = part.subplots(len(lines), COLUMNS, squeeze=False, height_ratios=lines)
    present = {curve.name for curve in curves}
    look = style.looks(table_rows, sorted(present - set(table_rows)))
    order = [name for name in look if name in present]
    handles: dict[str, object] = {}
    panels, free = axes.flat[: len(quantities)], axes.flat[len(quantities) :]
    for place, (axis, quantity) in enumerate(zip(panels, quantities, strict=True)):
        for name, shift in zip(order, _apart(curves, len(order)), strict=True):
            runs = [curve for curve in curves if curve.name == name and quantity in curve.values]
            if runs:
                handles.setdefault(name, _line(axis, runs, quantity, look[name], "-", shift))
                both = [run for run in runs if f"val_{quantity}" in run.values]
                if both:
                    _line(axis, both, f"val_{quantity}", look[name], (0, (1.2, 1)), shift)
        dotted = any(f"val_{quantity}" in curve.values for curve in curves)
        axis.set_title(QUANTITIES[quantity] + (" (dotted: val.)" if dotted else ""), fontsize=7.5)
        axis.locator_params(axis="y", nbins=4)
        axis.locator_params(axis="x", nbins=4, integer=True)
        axis.margins(x=0.02)
        if _single(curves):
            axis.set(xlim=(curves[0].epoch[0] - 0.5, curves[0].epoch[0] + 0.5), xticks=[curves[0].epoch[0]])
            axis.grid(axis="x", visible=False)
        if place + COLUMNS >= len(quantities):
            axis.set_xlabel("Epoch", labelpad=1)
    for axis in free:
        axis.set_axis_off()
    place = {"loc": "upper left", "ncols": COLUMNS if alone else 1}
    if len(handles) > 6 and not alone:
        place |= {"loc": "lower left", "bbox_to_anchor": (0, -0.5)}
    legend = free[0].legend(
        handles.values(),
        [label(table_rows, name) for name in handles],
        borderaxespad=0,
        labelspacing=0.15,
        **place,
    )
    legend.set_in_layout(False)  # a long one would take the height of the panels beside it


def _single(curves: list[Curve]) -> bool:
    """Say whether a stage has one epoch only."""
    return len({epoch for curve in curves for epoch in curve.epoch}) == 1


def _apart(curves: list[Curve], count: int) -> np.ndarray:
    """Shifts of names along the axis of epochs, (count,): in a single epoch their points stand side by side."""
    return np.linspace(-0.35, 0.35, count) if _single(curves) and count > 1 else np.zeros(count)


def _line(
    axis: Axes, runs: Iterable[Curve], quantity: str, look: style.Look, dashes: str | tuple, shift: float
) -> object:
    """Mean over seeds at each epoch, and a band from the least to the most; of one epoch a point and a bar."""
    runs = list(runs)
    epochs = np.unique(np.concatenate([run.epoch for run in runs]))
    table = np.full((len(runs), len(epochs)), np.nan)
    for row, run in zip(table, runs, strict=True):
        row[np.searchsorted(epochs, run.epoch)] = run.values[quantity]
    measured = np.isfinite(table).any(axis=0)
    epochs, table = epochs[measured], np.ma.masked_invalid(table[:, measured])
    marker = look.marker if len(epochs) == 1 else None
    epochs = epochs + shift
    (line,) = axis.plot(
        epochs, table.mean(axis=0), color=look.colour, linestyle=dashes, marker=marker, markersize=3,
        markerfacecolor=look.colour if dashes == "-" else "white",
        linewidth=1.2 if dashes == "-" else 1.0,
    )  # fmt: skip
    low, high = table.min(axis=0), table.max(axis=0)
    if marker:
        axis.vlines(epochs, low, high, color=look.colour, linewidth=0.9)
    else:
        axis.fill_between(epochs, low, high, color=look.colour, alpha=0.18, linewidth=0)
    return line
