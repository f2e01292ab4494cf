"""How well the rows imagine: caption metrics and colour fidelity, mean and spread over seeds."""

import math
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gxn.errors import GxnError
from gxn.files import read_json
from gxn.reporting.tables import Row

FIGURES = (
    *("cider_d", "cider_d_chance", "distinct", "cider", "bleu1", "bleu2", "bleu3", "bleu4", "rouge_l"),
    *("fidelity", "fidelity_chance", "fidelity_gain", "fidelity_z"),
)
COLUMNS = ("dataset", "method", "seeds", *(column for key in FIGURES for column in (key, f"{key}_std")))


def imagination(paths: Sequence[Path], methods: Iterable[str]) -> list[Row]:
    """One row per method, of the JSON files that the step `imagine` wrote; None where a row lacks a path.

    Raises:
        GxnError: a file is damaged, or its seed stands twice in a row.
    """
    runs: dict[str, dict[int, dict]] = {method: {} for method in methods}
    for path in paths:
        run = read_json(path)
        try:
            seeds, seed = runs[run["method"]], int(run["seed"])
            found = {key: _number(value) for key, value in run["metrics"].items()}
            found["dataset"] = str(run["dataset"])
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise GxnError(f"{path}: is no file of the step imagine for these rows ({error!r})") from error
        if seed in seeds:
            raise GxnError(f"{path}: {run['method']} has seed {seed} twice")
        seeds[seed] = found
    return [_row(method, list(seeds.values())) for method, seeds in runs.items() if seeds]


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"a metric is {value!r}")
    return float(value)


def _row(method: str, runs: list[dict]) -> Row:
    cells: Row = {"dataset": runs[0]["dataset"], "method": method, "seeds": len(runs)}
    for key in FIGURES:
        values = [run[key] for run in runs if key in run]
        cells[key] = statistics.fmean(values) if values else None
        cells[f"{key}_std"] = statistics.stdev(values) if len(values) > 1 else None
    return cells
