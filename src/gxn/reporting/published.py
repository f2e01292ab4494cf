"""Published numbers beside ours, where a dataset and protocol of ours has any.

What the papers are not known to report stays empty; every published cell carries how and where it was read.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn.errors import GxnError
from gxn.evaluation.metrics import RECALL_COLUMNS
from gxn.files import read_json
from gxn.reporting import names
from gxn.reporting.rows import Rows, label
from gxn.reporting.tables import Row

KEYS = ("dataset", "method", "cnn", "row", "mark", "source", "differs", *RECALL_COLUMNS)
NUMBERS = (*RECALL_COLUMNS, "rsum")
DIFFERENCES = tuple(f"{key}_difference" for key in NUMBERS)
SOURCES = tuple(f"{key}_source" for key in RECALL_COLUMNS)
COLUMNS = ("dataset", "method", "origin", "cnn", *NUMBERS, "compared_with", *DIFFERENCES, "differs", *SOURCES)


@dataclass(frozen=True)
class Published:
    """Numbers of papers: `rows` of method, dataset label, recalls (None: unknown), the source of these cells."""

    rows: list[dict]


def read_published(path: str | Path) -> Published:
    """Read the list that comes with the package, or one in its form.

    Raises:
        GxnError: the file is missing, or a row lacks a key.
    """
    content = read_json(path)
    try:
        rows = [{key: row[key] for key in KEYS} for row in content["rows"]]
        return Published([row | {"source": content["sources"][row["source"]]} for row in rows])
    except (KeyError, TypeError) as error:
        raise GxnError(f"{path}: is not a list of published numbers: {error} is missing or wrong") from error


def comparison(table: list[Row], published: Published, cnn: str) -> list[Row]:
    """Published rows, then ours on features of `cnn`, per dataset of the ablation `table`.

    A published method that is a row of ours too carries the differences, ours less published, in points.
    A published rsum is added up here, and only from six known recalls.
    """
    rows = []
    for name in dict.fromkeys(row["dataset"] for row in table):
        ours = {row["method"]: row for row in table if row["dataset"] == name}
        rows += [_published(row, ours) for row in published.rows if row["dataset"] == name]
        rows += [_ours(row, cnn) for row in ours.values()]
    return rows


def _empty() -> Row:
    return dict.fromkeys(COLUMNS)


def _published(row: dict, ours: dict[str, Row]) -> Row:
    numbers = {key: row[key] for key in RECALL_COLUMNS}
    complete = None not in numbers.values()
    numbers["rsum"] = sum(numbers.values()) if complete else None
    line = _empty() | {key: row[key] for key in ("dataset", "method", "cnn", "differs")} | numbers
    line |= {f"{key}_source": row["source"] for key in RECALL_COLUMNS if row[key] is not None}
    line["origin"] = f"published [{row['mark']}]"
    if row["row"] in ours:
        line["compared_with"] = row["row"]
        for key, value in numbers.items():
            if value is not None:
                line[f"{key}_difference"] = ours[row["row"]][key] - value
    return line


def _ours(row: Row, cnn: str) -> Row:
    own = {key: row[key] for key in ("dataset", "method", *NUMBERS)}
    return _empty() | own | {"origin": "here", "cnn": cnn}


def to_markdown(rows: list[Row], table_rows: Rows) -> str:
    """The comparison as text, with each difference in brackets after the published number."""
    head = ["Dataset", "Method", "CNN", "From", *(names.column(key) for key in NUMBERS), "What differs"]
    lines = [head, ["---"] * 4 + ["---:"] * len(NUMBERS) + ["---"]]
    sources = list(dict.fromkeys(row[key] for row in rows for key in SOURCES if row[key]))
    for row in rows:
        name = label(table_rows, str(row["method"])) if row["origin"] == "here" else str(row["method"])
        cells = [
            row["dataset"],
            name,
            row["cnn"] or "",
            row["origin"],
            *(_cell(row, key, sources) for key in NUMBERS),
        ]
        cells += [row["differs"] or ""]
        lines.append([str(cell) for cell in cells])
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    note = "In round brackets: ours less published, in points; in square ones: its source. Second-hand, "
    note += "or code: read in the source, not in the paper."
    if all(row["origin"] == "here" for row in rows):
        return f"{table}\n\nNo published numbers are known for these datasets and protocols.\n"
    listed = "\n".join(f"{place}. {source}." for place, source in enumerate(sources, 1))
    return f"{table}\n\n{note} Sources:\n\n{listed}\n"


def _cell(row: Row, key: str, sources: list) -> str:
    if row[key] is None:
        return ""
    difference, source = (
        row[f"{key}_difference"],
        row.get(f"{key}_source"),
    )  # rsum has none: it is added up here
    text = f"{row[key]:.1f}" + ("" if difference is None else f" ({difference:+.1f})")
    return text + (f" [{sources.index(source) + 1}]" if source else "")
