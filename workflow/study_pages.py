"""Renew the tables of docs/study.md from results/paper, which `snakemake paper` makes of the record.

uv run snakemake --cores 8 paper && uv run python workflow/study_pages.py
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from gxn.errors import GxnError
from gxn.files import write_text
from workflow.reference import filled, markdown
from workflow.statements import rows

PAGE, TABLES = "docs/study.md", Path("results/paper")
NUMBERS = ("own", "shared", "judging", "each_seed")  # columns of CPU seconds


def blocks(folder: Path) -> dict[str, str]:
    """Texts that PAGE quotes, by name, from the tables of the paper.

    Raises:
        GxnError: a table is missing.
    """
    facts: dict[str, Any] = json.loads(_text(folder / "facts.json"))
    return {
        "answers": answers(rows(_text(folder / "table_answers.csv"))),
        "power": power(rows(_text(folder / "table_power.csv"))),
        "studies": studies(facts),
        "hours": hours(rows(_text(folder / "table_hours.csv"))),
    }


def answers(table: Sequence[dict[str, str]]) -> str:
    """A table of what was run, and a sentence of what was not."""
    lines, absent = [], []
    for row in table:
        if row["seeds"] == "0":
            absent.append(f"`{row['study']}`: {row['ask'].rstrip('?')}")
            continue
        numbers = [f"{float(row['difference']):+.1f}", "", ""]
        if row["low"]:
            numbers[1] = f"{float(row['low']):.1f} to {float(row['high']):.1f}"
        if row["p_holm"]:
            numbers[2] = f"{float(row['p_holm']):.3f}"
        compared = f"{row['label']} − {row['against']}"
        lines.append([row["study"], row["ask"], compared, row["seeds"], *numbers, row["verdict"]])
    head = [
        "study",
        "question",
        "row − control",
        "seeds",
        "difference",
        "95 % interval",
        "adjusted p",
        "answer",
    ]
    said = f"\n\nNot run: {'; '.join(absent)}." if absent else ""
    return markdown(head, lines) + said


def power(table: Sequence[dict[str, str]]) -> str:
    """A line per study, number of seeds and effect; of one seed there is none."""
    lines = [
        [
            row["study"],
            row["seeds"],
            row["effect"],
            *(f"{float(row[key]):.2f}" for key in ("power", "power_holm")),
        ]
        for row in table
    ]
    return markdown(["study", "seeds", "effect, points", "alone", "corrected"], lines)


def studies(facts: dict[str, Any]) -> str:
    """A line per study: rows, seeds, how many of each were planned and not run, CPU hours."""
    lines = []
    for name, fact in facts.items():
        absent = [f"{len(fact['absent'][key])} {key}" for key in ("rows", "seeds") if fact["absent"][key]]
        lines.append(
            [
                f"`{name}`",
                str(len(fact["rows"])),
                str(fact["seeds"]),
                ", ".join(absent),
                f"{fact['hours']:.2f}",
            ]
        )
    return markdown(["study", "rows", "seeds", "not run", "CPU hours"], lines)


def hours(table: Sequence[dict[str, str]]) -> str:
    """A line per study and row, in CPU seconds."""
    lines = []
    for row in table:
        seconds = [f"{float(row[key]):.0f}" if row[key] else "" for key in NUMBERS]
        lines.append([row["study"], row["label"], row["seeds"], *seconds])
    return markdown(["study", "row", "seeds", "own", "shared", "judging", "each seed"], lines)


def _text(path: Path) -> str:
    if not path.is_file():
        raise GxnError(f"{path}: there is no such file; run `snakemake paper` first")
    return path.read_text("utf-8")


def main() -> None:
    """Renew the page."""
    page = ROOT / PAGE
    write_text(page, filled(page.read_text("utf-8"), blocks(ROOT / TABLES)))


if __name__ == "__main__":
    try:
        main()
    except GxnError as error:
        sys.exit(f"error: {error}")
