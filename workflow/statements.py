"""The recorded tables in words: sentences and a table that README.md and docs/results.md quote."""

import csv
import io
import textwrap
from collections.abc import Mapping

LEVEL = 0.05  # of adjusted p values
FULL = "gxn_i2t_t2i"  # the row whose drawings the sentence is about


def rows(text: str) -> list[dict[str, str]]:
    """Rows of a CSV text."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def labels(texts: Mapping[str, str]) -> dict[str, str]:
    """Names in print of the rows, from the Markdown form of the ablation, whose lines are those of its CSV."""
    lines = [line for line in texts["table_ablation.md"].splitlines() if line.startswith("| ")][2:]
    names = [line.strip("|").split("|")[0].strip() for line in lines]
    return dict(zip((row["method"] for row in rows(texts["table_ablation.csv"])), names, strict=True))


def differences(texts: Mapping[str, str]) -> str:
    """A Markdown table of every row's difference from its control in rsum."""
    names = labels(texts)
    lines = ["| row | difference in rsum | 95 % interval | adjusted p |", "| --- | ---: | ---: | ---: |"]
    for row in _rsum(texts):
        value, low, high = (float(row[key]) for key in ("difference", "low", "high"))
        p = f"{float(row['p_holm']):.3f}" if int(row["seeds"]) > 1 else row["p_holm"]
        lines.append(f"| {names[row['method']]} | {value:+.1f} | {low:.1f} to {high:.1f} | {p} |")
    return "\n".join(lines)


def in_short(texts: Mapping[str, str]) -> str:
    """A paragraph: what imagining changes, what the other rows lack, and how good the drawings are."""
    names, found = labels(texts), _rsum(texts)
    imagining = {row["method"] for row in rows(texts["table_imagined.csv"]) if row["method"] in names}
    own = [row for row in found if row["method"] in imagining]
    others = [row for row in found if row["method"] not in imagining]
    certain = [names[row["method"]] for row in own if int(row["seeds"]) > 1 and float(row["p_holm"]) < LEVEL]
    parts = []
    if own:
        verdict = "significant: " + ", ".join(certain) if certain else "none significant"
        parts.append(f"Relative to *{names[own[0]['control']]}*, which imagines nothing, rsum changes by "
                     f"{_listed(own, names)}; {verdict}.")  # fmt: skip
    if others:
        parts.append(f"Other rows differ from it by {_listed(others, names)}.")
    drawn = next((row for row in rows(texts["table_imagined.csv"]) if row["method"] == FULL), {})
    if drawn.get("drawn_colour"):
        right, chance = (100 * float(drawn[key]) for key in ("drawn_colour", "drawn_colour_chance"))
        parts.append(
            f"Of the colours that captions ask for, {names[FULL]} draws {right:.0f} %, by chance {chance:.0f} %."
        )
    return textwrap.fill(" ".join(parts), 115, break_on_hyphens=False)


def _rsum(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [row for row in rows(texts["table_significance.csv"]) if row["metric"] == "rsum"]


def _listed(lines: list[dict[str, str]], names: Mapping[str, str]) -> str:
    return ", ".join(f"{float(row['difference']):+.1f} ({names[row['method']]})" for row in lines)
