"""Quality of what the rows imagine: every measure of their captions and drawings, mean and spread over seeds."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gxn.errors import GxnError
from gxn.files import read_json
from gxn.reporting.tables import Row

FIXED = ("dataset", "method", "seeds", "collapsed")
FLOORED = ("frechet", "frechet_std")  # say nothing without the line of people


def imagination(paths: Sequence[Path], lines: Path | None, methods: Iterable[str]) -> list[Row]:
    """One row per method, of the JSON files that the step `imagine` wrote, then people and chance.

    A measure that a row does not have is None. `collapsed` is the number of seeds with a warning. The Frechet
    distance is left out where people have none: that of as many other real pictures is its floor.

    Args:
        paths: files of the step `imagine`.
        lines: file of the step `imagined_lines`.
        methods: rows of the table, in order.

    Raises:
        GxnError: a file is damaged, or a row has a seed twice.
    """
    runs: dict[str, dict[int, dict]] = {method: {} for method in methods}
    for path in paths:
        run = read_json(path)
        try:
            seeds, seed = runs[run["method"]], int(run["seed"])
            metrics = {key: _number(value) for key, value in run["metrics"].items()}
            found = {"dataset": str(run["dataset"]), "metrics": metrics, "collapsed": bool(run["warnings"])}
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise GxnError(f"{path}: is not a file of the step imagine for these rows ({error!r})") from error
        if seed in seeds:
            raise GxnError(f"{path}: {run['method']} has seed {seed} twice")
        seeds[seed] = found
    rows = [_row(method, list(seeds.values())) for method, seeds in runs.items() if seeds]
    rows += _lines(lines) if lines and rows else []
    if not any(row["seeds"] == 0 and "frechet" in row for row in rows):
        rows = [{key: value for key, value in row.items() if key not in FLOORED} for row in rows]
    return rows


def columns(rows: Sequence[Row]) -> tuple[str, ...]:
    """Columns of the table: every measure that a row has, in the order in which they first occur."""
    return tuple(dict.fromkeys([*FIXED, *(key for row in rows for key in row)]))


def filled(rows: Sequence[Row]) -> list[Row]:
    """Rows with all columns."""
    return [dict.fromkeys(columns(rows)) | row for row in rows]


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"a metric is {value!r}")
    return float(value)


def _row(method: str, runs: list[Mapping[str, Any]]) -> Row:
    cells: Row = {"dataset": runs[0]["dataset"], "method": method, "seeds": len(runs)}
    cells["collapsed"] = sum(run["collapsed"] for run in runs)
    for key in dict.fromkeys(key for run in runs for key in run["metrics"]):
        values = [run["metrics"][key] for run in runs if key in run["metrics"]]
        cells[key] = statistics.fmean(values)
        cells[f"{key}_std"] = statistics.stdev(values) if len(values) > 1 else None
    return cells


def _lines(path: Path) -> list[Row]:
    content = read_json(path)
    try:
        return [
            {"dataset": str(content["dataset"]), "method": name, "seeds": 0}
            | {key: _number(value) for key, value in metrics.items()}
            for name, metrics in content["lines"].items()
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GxnError(f"{path}: is not a file of the step imagined_lines ({error!r})") from error
