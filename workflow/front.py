"""The first page of the HTML report, in reStructuredText: results, what they say, the rows, changed settings."""

import base64
import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from gxn import cli
from gxn.configuration.files import load
from gxn.configuration.rows import Method
from gxn.reporting.rows import Rows, label, rows_of
from workflow import paths, statements
from workflow.plan import Plan

# a bare R@10 would be taken for an address of mail
COLUMNS = {"i2t_r1": r"i2t R\@1", "i2t_r5": r"R\@5", "i2t_r10": r"R\@10", "i2t_medr": "MedR"}
COLUMNS |= {"t2i_r1": r"t2i R\@1", "t2i_r5": r"R\@5", "t2i_r10": r"R\@10", "t2i_medr": "MedR", "rsum": "rsum"}
# tables that the words are made of, and figures that the page shows, with their titles
TOLD = ("ablation.csv", "ablation.md", "significance.csv", "imagined.csv")
FIGURES = {"ablation": "Rows of the ablation", "recall": "Recall at K"}
# Snakemake sets the page beside the graph of the jobs, in a narrow column; here the graph stands last
STYLE = """
div:has(> #rulegraph) { flex-direction: column; }
div:has(> div > #rulegraph) { align-items: flex-start; }
.prose.max-w-lg { max-width: 68rem; }
.prose td, .prose th { white-space: nowrap; padding: 0.2rem 0.6rem; }
.prose figcaption { font-size: 0.85rem; max-width: 46rem; }
"""
KINDS = {"cca": "a closed form without a seed", "embeddings": "embeddings that another program made"}
KINDS |= {
    "correspondence": "a correspondence autoencoder",
    "adversarial": "embeddings with labels and an adversary",
}
CAPTIONS = {"none": "no captions", "xe": "captions by cross-entropy", "mix": "captions by XE and RL"}


def front(plan: Plan, root: Path) -> str:
    """Write the page; what no run has made yet is left out."""
    rows = rows_of(plan.config)
    table, tests = (
        _read(root / plan.expand(paths.table(f"{name}.csv"))[0]) for name in ("ablation", "significance")
    )
    parts = [_raw(f"<style>{STYLE}</style>")]
    if table:
        parts += ["**Results**, mean ± standard deviation over seeds:", _ablation(table, rows)]
    texts = {f"table_{name}": root / plan.expand(paths.table(name))[0] for name in TOLD}
    if tests and all(path.is_file() for path in texts.values()):
        read = {name: path.read_text("utf-8") for name, path in texts.items()}
        parts += ["**In words:** " + statements.in_short(read)]
    if tests:
        parts += ["**Differences in rsum**, with 95 % intervals:", _bullets(_differences(tests, rows))]
    parts += [_figure(root / plan.expand(paths.figure(name, "png"))[0], name) for name in FIGURES]
    parts += ["**Rows:**", _bullets(f"{label(rows, name)}: {_row(plan, name)}." for name in plan.all_rows)]
    own = changed(plan, root)
    parts += ["**Settings that differ from params.yaml:**" + ("" if own else " none."), _bullets(own)]
    return "\n\n".join(part for part in parts if part)


def captions() -> dict[str, str]:
    """The caption of each figure, by the name of its rule: the docstring of the step that draws it."""
    rules = [f"figure_{name}" for name in paths.FIGURES]
    return {rule: cli.documentation(rule) for rule in rules}


def changed(plan: Plan, root: Path) -> list[str]:
    """Settings that differ from those of params.yaml, `key: value, by default value`."""
    before, now = (
        dict(_leaves(config.model_dump(mode="json")))
        for config in (load([root / "params.yaml"]), plan.config)
    )
    left_out = [f"methods.{name}" for name, row in plan.config.methods.items() if row is None]
    own = [
        f"``{key}``: {now.get(key, 'absent')}, by default {before.get(key, 'absent')}"
        for key in {**now, **before}
        if now.get(key) != before.get(key) and not any(f"{key}.".startswith(f"{row}.") for row in left_out)
    ]
    return own + [f"``{row}``: left out" for row in left_out]


def _figure(path: Path, name: str) -> str:
    """A figure with its title and caption, as a part of the page; nothing where it is not made yet."""
    if not path.is_file():
        return ""
    caption = " ".join(captions()[f"figure_{name}"].split())
    # docutils refuses long lines; a browser leaves line breaks out of an address
    picture = "data:image/png;base64," + "\n".join(wrap(base64.b64encode(path.read_bytes()).decode(), 5000))
    return _raw(
        f'<figure><img alt="{FIGURES[name]}" src="{picture}">'
        f"<figcaption><b>{FIGURES[name]}.</b> {caption}</figcaption></figure>"
    )


def _raw(html: str) -> str:
    lines = [f"   {line}" for line in html.splitlines() if line]
    return "\n".join([".. raw:: html", "", *lines])


def _leaves(value: Any, above: str = "") -> Iterable[tuple[str, Any]]:
    if not isinstance(value, Mapping) or not value:
        yield above, value
        return
    for key, each in value.items():
        yield from _leaves(each, f"{above}.{key}".lstrip("."))


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _ablation(table: Sequence[Mapping[str, str]], rows: Rows) -> str:
    """A list-table of the ablation."""
    lines = [["Row", *COLUMNS.values()]]
    of = _of(table)
    for row in table:
        cells = []
        for key in COLUMNS:
            std = row.get(f"{key}_std")
            cells.append(f"{float(row[key]):.1f}" + (f" ± {float(std):.1f}" if std else ""))
        lines.append([label(rows, row["method"]) + of(row), *cells])
    text = [".. list-table::", "   :header-rows: 1", ""]
    for line in lines:
        text += [f"   {'*' if place == 0 else ' '} - {cell}" for place, cell in enumerate(line)]
    return "\n".join(text)


def _differences(tests: Sequence[Mapping[str, str]], rows: Rows) -> Iterable[str]:
    of = _of(tests)
    for row in (row for row in tests if row["metric"] == "rsum"):
        numbers = {key: float(row[key]) for key in ("difference", "low", "high")}
        tested = int(row["seeds"]) > 1
        p = f", adjusted p {float(row['p_holm']):.3f}" if tested else ", no p value with one seed"
        yield (
            f"{label(rows, row['method'])}{of(row)} against {label(rows, row['control'])}: "
            f"{numbers['difference']:+.1f} ({numbers['low']:.1f} to {numbers['high']:.1f}){p}"
        )


def _of(table: Sequence[Mapping[str, str]]) -> Callable[[Mapping[str, str]], str]:
    """Give what names the dataset and protocol of a line, where the table has several."""
    several = len({row["dataset"] for row in table}) > 1
    return lambda row: f", {row['dataset']}" * several


def _row(plan: Plan, name: str) -> str:
    """Say what a row is."""
    if name in plan.tuned:
        return f"as ``{plan.tuned[name]}``, trained on with its CNN"
    row = plan.config.methods[name]
    if not isinstance(row, Method):
        return KINDS[row.kind]
    encoder = plan.config.encoder(row.encoder)
    loss = (row.loss or plan.config.encoders[row.encoder].loss).kind
    parts = [" and ".join(encoder.spaces) + " space" + "s" * (len(encoder.spaces) > 1)]
    parts += [f"similarity ``{encoder.similarity}``", f"loss ``{loss}``"]
    parts += [CAPTIONS[row.captioning], "drawings" if row.drawing else "no drawings"] if row.imagines else []
    return ", ".join(parts + ["imagined of other images"] * row.shuffled)


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
