"""The recorded tables in words: sentences and a table that README.md and docs/results.md quote."""

import csv
import io
import textwrap
from collections.abc import Mapping

LEVEL = 0.05  # of adjusted p values
FULL = "gxn_i2t_t2i"  # the row whose drawings the sentence is about
HEADS = ("| Method |", "| --- |")  # of the table of each dataset and protocol


def rows(text: str) -> list[dict[str, str]]:
    """Rows of a CSV text."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def labels(texts: Mapping[str, str]) -> dict[str, str]:
    """Names in print of the rows, from the Markdown form of the ablation, whose lines are those of its CSV."""
    lines = [line for line in texts["table_ablation.md"].splitlines() if line.startswith("| ")]
    names = [line.strip("|").split("|")[0].strip() for line in lines if not line.startswith(HEADS)]
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
    datasets = dict.fromkeys(row["dataset"] for row in found)
    parts = []
    for dataset in datasets:
        parts += [f"{dataset}:"] * (len(datasets) > 1)
        parts += _changes([row for row in found if row["dataset"] == dataset], imagining, names)
    drawn = next((row for row in rows(texts["table_imagined.csv"]) if row["method"] == FULL), {})
    if drawn.get("drawn_colour"):
        right, chance = (100 * float(drawn[key]) for key in ("drawn_colour", "drawn_colour_chance"))
        parts.append(
            f"Of the colours that captions ask for, {names[FULL]} draws {right:.0f} %, by chance {chance:.0f} %."
        )
    return textwrap.fill(" ".join(parts), 115, break_on_hyphens=False)


def _changes(found: list[dict[str, str]], imagining: set[str], names: Mapping[str, str]) -> list[str]:
    """Sentences on the differences of rsum of one dataset and protocol."""
    own = [row for row in found if row["method"] in imagining]
    others = [row for row in found if row["method"] not in imagining]
    control, sentences = names[found[0]["control"]], []
    if own:
        sentences.append(f"Relative to *{control}*, which imagines nothing, rsum changes by "
                         f"{_listed(own, names)}; {_verdict(own, names)}.")  # fmt: skip
    if others:
        start = "Other rows differ from it" if own else f"Rows differ from *{control}*"
        sentences.append(f"{start} by {_listed(others, names)}.")
    return sentences


def _verdict(lines: list[dict[str, str]], names: Mapping[str, str]) -> str:
    if int(lines[0]["seeds"]) < 2:
        return "one seed, so not tested"
    certain = [names[row["method"]] for row in lines if float(row["p_holm"]) < LEVEL]
    return "significant: " + ", ".join(certain) if certain else "none significant"


def _rsum(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [row for row in rows(texts["table_significance.csv"]) if row["metric"] == "rsum"]


def _listed(lines: list[dict[str, str]], names: Mapping[str, str]) -> str:
    return ", ".join(f"{float(row['difference']):+.1f} ({names[row['method']]})" for row in lines)
