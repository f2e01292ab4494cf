"""The tables of results as the page shows them: numbers rounded, mean and spread in one cell, the best marked."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gxn.errors import GxnError
from gxn.reporting.names import NUMBERS
from gxn.reporting.rows import Rows, label

TITLES = {
    "ablation": "Retrieval",
    "spaces": "Each space alone",
    "imagined": "Captions and drawings",
    "significance": "Differences from the control",
    "published": "Beside published numbers",
}
NAMES = ("dataset", "method", "control", "space", "metric", "source")
LOWER = ("medr", "meanr")
COMPARED = ("r1", "r5", "r10", "rsum", "mrr", *LOWER)
TURNED = "imagined"  # has more measures than rows: a line for each measure


@dataclass(frozen=True)
class Cell:
    """Text of a cell, and whether it is the best of its column."""

    text: str
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A table: heads of columns, then lines whose first `names` cells name what the line is about."""

    title: str
    head: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    names: int


def read(path: Path, rows: Rows) -> Table:
    """Read a CSV file of results; a column `x_std` joins the column `x`, and empty columns are left out.

    Args:
        path: `table_NAME.csv`.
        rows: names in print.

    Raises:
        GxnError: the file is missing or is not CSV with a head.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            lines = list(reader)
            columns = [each for each in reader.fieldnames or () if any(line[each] for line in lines)]
    except (OSError, ValueError, csv.Error) as error:
        raise GxnError(f"{path}: cannot be read as a table: {error}; make it again") from error
    key = path.stem.removeprefix("table_")
    named = [each for each in columns if each in NAMES]
    shown = [each for each in columns if each not in named and not each.endswith("_std")]
    body = [
        [*(Cell(label(rows, line[each])) for each in named), *(_cell(line, each, lines) for each in shown)]
        for line in lines
    ]
    head = [_head(each) for each in (*named, *shown)]
    title = TITLES.get(key, key.replace("_", " ").capitalize())
    if key == TURNED:
        return _turned(title, head, body, named.index("method") if "method" in named else 0, len(named))
    return Table(title, head, body, len(named))


def _turned(
    title: str, head: Sequence[str], body: Sequence[Sequence[Cell]], method: int, names: int
) -> Table:
    """The table with a line for each number, and a column for each method."""
    lines = [[Cell(head[place]), *(line[place] for line in body)] for place in range(names, len(head))]
    return Table(title, ["measure", *(line[method].text for line in body)], lines, 1)


def _head(column: str) -> str:
    """A column's name in print: `i2t_r1` is `i2t R@1`."""
    way, _, number = column.rpartition("_")
    return f"{way} {NUMBERS[number]}".strip() if number in NUMBERS else column.replace("_", " ")


def _cell(line: Mapping[str, str], column: str, lines: Sequence[Mapping[str, str]]) -> Cell:
    text, spread = _rounded(line[column]), _rounded(line.get(f"{column}_std") or "")
    number = column.rpartition("_")[2]
    if number not in COMPARED or not text:
        return Cell(f"{text} ± {spread}" if spread else text)
    values = [_value(_rounded(each[column])) for each in lines if each.get("dataset") == line.get("dataset")]
    best = (min if number in LOWER else max)(value for value in values if value is not None)
    return Cell(f"{text} ± {spread}" if spread else text, _value(text) == best)


def _rounded(text: str) -> str:
    """A number with at most one decimal above 10 and three digits below; other text as it is."""
    value = _value(text)
    if value is None or text.lstrip("-").isdigit():
        return text
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def _value(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
