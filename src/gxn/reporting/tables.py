"""The ablation table as CSV, LaTeX and Markdown, all from the same rows."""

import csv
import io
import math
import statistics
from collections.abc import Callable
from pathlib import Path

from gxn.errors import GxnError
from gxn.reporting import names
from gxn.reporting.rows import Rows, label
from gxn.reporting.runs import FURTHER, METRICS, Run, rows

Row = dict[str, str | int | float | None]
NUMBERS = ("seeds", *(column for key in (*METRICS, *FURTHER) for column in (key, f"{key}_std")))
COLUMNS = ("dataset", "method", *NUMBERS)
SPACES = ("dataset", "method", "space", *NUMBERS)
LOWER_IS_BETTER = ("i2t_medr", "t2i_medr")


def ablation(runs: list[Run]) -> list[Row]:
    """One row per dataset and method: mean and sample standard deviation (None for one seed) over seeds."""
    return [
        {"dataset": row[0].dataset, "method": row[0].method} | _spread(row, [run.numbers for run in row])
        for row in rows(runs)
    ]


def spaces(runs: list[Run]) -> list[Row]:
    """The same for each space alone, for rows with several spaces: one row per dataset, method and space."""
    return [
        {"dataset": row[0].dataset, "method": row[0].method, "space": space}
        | _spread(row, [run.alone[space] for run in row])
        for row in rows(runs)
        for space in row[0].alone
    ]


def _spread(runs: list[Run], numbers: list[dict[str, float]]) -> Row:
    # a row without a seed has 0 of them
    cells: Row = {"seeds": sum(run.seed is not None for run in runs)}
    for key in (*METRICS, *FURTHER):
        values = [each[key] for each in numbers if key in each]  # mAP needs labels
        cells[key] = statistics.fmean(values) if values else None
        cells[f"{key}_std"] = statistics.stdev(values) if len(values) > 1 else None
    return cells


def to_csv(table: list[Row], columns: tuple[str, ...] = COLUMNS) -> str:
    """Comma-separated, one line per row; numbers to six decimals, None as an empty cell."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    for row in table:
        cells = (row[column] for column in columns)
        writer.writerow([round(cell, 6) + 0.0 if isinstance(cell, float) else cell for cell in cells])
    return lines.getvalue()


def read_table(path: str | Path) -> list[Row]:
    """Read what `to_csv` wrote of the ablation.

    Raises:
        GxnError: the file is missing or is not that table.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise GxnError(f"{path}: its columns are not those of the ablation table. Make it again")
            return [_parsed(row) for row in reader]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise GxnError(f"{path}: cannot be read as the ablation table: {error}") from error


def _parsed(row: dict[str, str]) -> Row:
    numbers = {key: float(row[key]) if row[key] else None for key in COLUMNS[3:]}
    return {"dataset": row["dataset"], "method": row["method"], "seeds": int(row["seeds"])} | numbers


def to_markdown(table: list[Row], table_rows: Rows) -> str:
    """One Markdown table per dataset: mean ± standard deviation, the best of a column in bold."""
    parts = []
    for dataset, group in _by_dataset(table):
        cells = _cells(group, "{} ± {}", "**{}**".format)
        head = ["Method", *(_short(key) for key in METRICS)]
        lines = [head, ["---", *("---:" for _ in METRICS)]]
        lines += [
            [label(table_rows, str(row["method"])), *line] for row, line in zip(group, cells, strict=True)
        ]
        text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        parts.append(f"**{dataset}**, {_over(group)}\n\n{text}\n")
    return "\n".join(parts)


def to_latex(table: list[Row], table_rows: Rows) -> str:
    r"""A booktabs table to `\input`: mean ± standard deviation, the best of a column in bold."""
    way = r"\multicolumn{{4}}{{c}}{{{}}}".format
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{tabular}{l" + "r" * len(METRICS) + "}",
        r"\toprule",
        " & ".join(["", way("Image to text"), way("Text to image"), ""]) + r" \\",
        r"\cmidrule(lr){2-5}\cmidrule(lr){6-9}",
        " & ".join(["Method", *(names.NUMBERS[key.rpartition("_")[2]] for key in METRICS)]) + r" \\",
    ]
    for dataset, group in _by_dataset(table):
        title = _escaped(f"{dataset}, {_over(group)}")
        lines += [r"\midrule", rf"\multicolumn{{{len(METRICS) + 1}}}{{l}}{{\emph{{{title}}}}} \\"]
        cells = _cells(group, r"{}{{\scriptsize$\,\pm\,${}}}", r"\textbf{{{}}}".format)
        for row, line in zip(group, cells, strict=True):
            lines.append(" & ".join([_escaped(label(table_rows, str(row["method"]))), *line]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _by_dataset(table: list[Row]) -> list[tuple[str, list[Row]]]:
    labels = list(dict.fromkeys(str(row["dataset"]) for row in table))
    return [(name, [row for row in table if row["dataset"] == name]) for name in labels]


def _over(group: list[Row]) -> str:
    seeds = max(int(row["seeds"]) for row in group)
    if seeds < 2:
        return "one seed" if seeds else "no seed"
    return f"mean ± standard deviation over {seeds} seeds"


def _short(key: str) -> str:
    way, _, number = key.rpartition("_")
    return f"{way} {names.NUMBERS[number]}".strip()


def _cells(group: list[Row], spread: str, bold: Callable[[str], str]) -> list[list[str]]:
    """Cells of the rows, to one decimal as printed; rows that print the same best number are all bold."""
    printed = {key: [f"{row[key]:.1f}" for row in group] for key in METRICS}
    best = {key: (min if key in LOWER_IS_BETTER else max)(map(float, printed[key])) for key in METRICS}
    cells = []
    for index, row in enumerate(group):
        line = []
        for key in METRICS:
            text = printed[key][index]
            text = bold(text) if math.isclose(float(text), best[key]) else text
            std = row[f"{key}_std"]
            line.append(text if std is None else spread.format(text, f"{std:.1f}"))
        cells.append(line)
    return cells


def _escaped(text: str) -> str:
    """Text as LaTeX prints it."""
    special = {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "±": r"$\pm$",
    }
    special |= {character: "\\" + character for character in "&%$#_{}"}
    return "".join(special.get(character, character) for character in text)
