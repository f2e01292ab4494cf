"""Renew docs/reference, and the tables of README.md and docs/results.md, from results/ of the default run.

    uv run python workflow/reference.py

Tables are copied, the figure is made small enough for git, and of the decoder's curves the first and the last
epoch are kept. The pages quote them between `<!-- NAME -->` and `<!-- end -->`. Nothing is written unless all
results are there and are those of params.yaml.
"""

import re
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from PIL import Image

import gxn.errors
from gxn.configuration.files import load
from gxn.errors import GxnError
from gxn.files import write_text
from gxn.writing import atomic
from workflow import paths, statements
from workflow.plan import Plan
from workflow.preconditions import check_code
from workflow.result_checks import MAKE, check_nothing_to_do, check_runs, check_table, present
from workflow.statements import rows

PAGES = ("README.md", "docs/results.md")
TABLES = ("ablation.csv", "ablation.md", "spaces.csv", "imagined.csv", "significance.csv")
WIDTH, COLOURS = 1200, 200  # of the figure
DECODER = ("pretrain_xe", "pretrain_scst")  # stages whose curves are kept
LOSSES = {  # heading: column of the curves
    "cross-entropy": "xe_loss",
    "on validation": "val_xe_loss",
    "CIDEr-D on validation": "val_cider_d",
}
IMAGINED = {  # heading: column of table_imagined.csv, digits
    "CIDEr-D": ("cider_d", 3),
    "of other images": ("cider_d_chance", 3),
    "distinct": ("distinct", 0),
    "true grounds": ("ground_right", 2),
    "true things": ("mentions_true", 2),
    "facts drawn": ("drawn_facts", 2),
    "by chance": ("drawn_facts_chance", 2),
    "colours drawn": ("drawn_colour", 2),
    "colours by chance": ("drawn_colour_chance", 2),
    "shapes drawn": ("drawn_shape", 2),
    "shapes by chance": ("drawn_shape_chance", 2),
    "KID": ("kid", 3),
}
SHORT = ("Method", "i2t R@1", "t2i R@1", "rsum")  # columns of the ablation that README.md has
SPACES = ("abstract", "grounded")
BLOCK = re.compile(r"(?<=<!-- )(?P<name>\w+)(?P<open> -->\n).*?(?P<close>\n<!-- end -->)", re.DOTALL)


def record(plan: Plan, root: Path) -> dict[str, str]:
    """Texts of docs/reference, by file name.

    Raises:
        GxnError: a file is missing, or is not of this configuration.
    """
    texts = {f"table_{name}": present(root / _table(plan, name)).read_text("utf-8") for name in TABLES}
    for name in TABLES:
        if name.endswith(".csv"):
            check_table(plan, name, texts[f"table_{name}"])
    return texts | {"curves.csv": curves(plan, root)}


def _table(plan: Plan, name: str) -> str:
    return plan.expand(paths.table(name))[0]


def curves(plan: Plan, root: Path) -> str:
    """CSV of the first and the last epoch of RNN_Dec's pretraining on two spaces, of every seed.

    Raises:
        GxnError: a file is missing, or is not a decoder's.
    """
    columns = ("stage", "seed", "epoch", *LOSSES.values())
    lines = [",".join(columns)]
    for stage in DECODER:
        for path in plan.expand(paths.curves(stage, "two_space")):
            about = {"stage": stage, "seed": Path(path).stem.removeprefix("seed")}
            epochs = rows(present(root / path).read_text("utf-8"))
            if not epochs or set(LOSSES.values()) - epochs[0].keys():
                raise GxnError(f"{path}: is not a curve of the caption decoder; {MAKE}")
            lines += [
                ",".join((about | row)[column] for column in columns) for row in epochs[:1] + epochs[1:][-1:]
            ]
    return "\n".join(lines) + "\n"


def shrink(figure: Path, out: Path) -> None:
    """Write the figure at WIDTH pixels and in COLOURS colours."""
    with Image.open(figure) as image:
        size = (WIDTH, round(WIDTH * image.height / image.width))
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    with atomic(out) as temporary:
        small.quantize(COLOURS).save(temporary, "PNG", optimize=True)


# what the pages quote


def blocks(texts: Mapping[str, str]) -> dict[str, str]:
    """Texts that PAGES quote, by name, from those of docs/reference; of the curves, the mean over seeds."""
    alone: dict[str, dict[str, str]] = {}
    for row in rows(texts["table_spaces.csv"]):
        spread = f" ± {float(row['rsum_std']):.1f}" if row["rsum_std"] else ""
        alone.setdefault(row["method"], {})[row["space"]] = f"{float(row['rsum']):.1f}{spread}"
    imagined = []
    for row in rows(texts["table_imagined.csv"]):
        cells = (f"{float(row[key]):.{digits}f}" if row[key] else "" for key, digits in IMAGINED.values())
        imagined.append([f"`{row['method']}`", *cells])
    epochs: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows(texts["curves.csv"]):
        epochs.setdefault((row["stage"], row["epoch"]), []).append(row)
    means = []
    for (stage, epoch), each in epochs.items():
        cells = (f"{statistics.fmean(float(row[key]) for row in each):.3f}" for key in LOSSES.values())
        means.append([f"`{stage}`", epoch, *cells])
    return {
        "table_short": short(texts["table_ablation.md"]),
        "table_spaces": markdown(
            ["row", *SPACES], [[f"`{method}`", *map(cells.get, SPACES)] for method, cells in alone.items()]
        ),
        "table_imagined": markdown(["row", *IMAGINED], imagined),
        "curves": markdown(["stage", "epoch", *LOSSES], means),
        "differences": statements.differences(texts),
        "in_short": statements.in_short(texts),
    }


def short(table: str) -> str:
    """The columns SHORT of a Markdown table, without the lines above it."""
    lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    kept = [[each.strip() for each in lines[0]].index(name) for name in SHORT]
    return "\n".join("|" + "|".join(line[column] for column in kept) + "|" for line in lines)


def markdown(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table of numbers, but for its first column."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def filled(text: str, quoted: Mapping[str, str]) -> str:
    """The text with its blocks renewed."""
    return BLOCK.sub(
        lambda block: block["name"] + block["open"] + quoted[block["name"]] + block["close"], text
    )


def main() -> None:
    """Renew all, once it is known that all is there and whose it is."""
    check_code(Path(gxn.errors.__file__).parent, ROOT / "src" / "gxn")
    plan, reference = Plan(load([ROOT / "params.yaml"])), ROOT / "docs/reference"
    texts = record(plan, ROOT)
    figure = present(ROOT / plan.expand(paths.figure("t2i", "png"))[0])
    check_runs(plan, ROOT)
    check_nothing_to_do(ROOT)
    quoted = blocks(texts)
    pages = {page: filled((ROOT / page).read_text("utf-8"), quoted) for page in PAGES}
    shrink(figure, reference / "t2i.png")
    for name, text in texts.items():
        write_text(reference / name, text)
    for page, text in pages.items():
        write_text(ROOT / page, text)


if __name__ == "__main__":
    try:
        main()
    except GxnError as error:
        sys.exit(f"error: {error}")
