"""Renew docs/reference, and the tables of README.md and docs/results.md, from results/ of the default run.

    uv run python workflow/reference.py

Tables are copied, the figure is made small enough for git, and of the decoder's curves the first and the last
epoch are kept. The pages quote them between `<!-- NAME -->` and `<!-- end -->`.
"""

import csv
import re
import shutil
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from gxn.errors import GxnError

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/results.md")
TABLES = (
    *("table_ablation.csv", "table_ablation.md", "table_spaces.csv"),
    *("table_imagined.csv", "table_significance.csv"),
)
MAKE = "`uv run dvc repro` with the params.yaml of the repository makes it"
WIDTH, COLOURS = 1200, 200  # of the figure
LOSSES = {  # heading: column of the curves
    "cross-entropy": "xe_loss",
    "on validation": "val_xe_loss",
    "CIDEr-D on validation": "val_cider_d",
}
IMAGINED = {  # heading: column of table_imagined.csv, digits
    "CIDEr-D": ("cider_d", 3),
    "of other images": ("cider_d_chance", 3),
    "distinct": ("distinct", 0),
    "BLEU-4": ("bleu4", 1),
    "colour fidelity": ("fidelity", 3),
    "by chance": ("fidelity_chance", 3),
    "z": ("fidelity_z", 1),
}
SPACES = ("abstract", "grounded")
BLOCK = re.compile(r"(?<=<!-- )(?P<name>\w+)(?P<open> -->\n).*?(?P<close>\n<!-- end -->)", re.DOTALL)


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def curves(folder: Path) -> str:
    """CSV of the first and the last epoch of RNN_Dec's pretraining, of every seed."""
    columns = ("stage", "seed", "epoch", *LOSSES.values())
    lines = [",".join(columns)]
    for stage in ("xe", "rl"):
        pattern = f"{stage}/two_space/seed*.csv"
        paths = sorted(folder.glob(pattern))
        if not paths:
            raise GxnError(f"{folder / pattern}: there is no such file; {MAKE}")
        for path in paths:
            about = {"stage": stage, "seed": path.stem.removeprefix("seed")}
            rows = read(path)
            if not rows or set(LOSSES.values()) - rows[0].keys():
                raise GxnError(f"{path}: is not the curve of a caption decoder; {MAKE}")
            lines += [",".join((about | row)[column] for column in columns) for row in (rows[0], rows[-1])]
    return "\n".join(lines) + "\n"


def shrink(figure: Path, out: Path) -> None:
    """The figure at WIDTH pixels and in COLOURS colours."""
    with Image.open(figure) as image:
        size = (WIDTH, round(WIDTH * image.height / image.width))
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    small.quantize(COLOURS).save(out, optimize=True)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of numbers, but for its first column."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def blocks(reference: Path) -> dict[str, str]:
    """What PAGES quote, by name; of the curves, the mean over seeds."""
    alone: dict[str, dict[str, str]] = {}
    for row in read(reference / "table_spaces.csv"):
        cell = f"{float(row['rsum']):.1f}"
        alone.setdefault(row["method"], {})[row["space"]] = cell + (
            f" ± {float(row['rsum_std']):.1f}" if row["rsum_std"] else ""
        )
    imagined = []
    for row in read(reference / "table_imagined.csv"):
        cells = (f"{float(row[key]):.{digits}f}" if row[key] else "" for key, digits in IMAGINED.values())
        imagined.append([f"`{row['method']}`", *cells])
    epochs: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in read(reference / "curves.csv"):
        epochs.setdefault((row["stage"], row["epoch"]), []).append(row)
    means = []
    for (stage, epoch), rows in epochs.items():
        cells = (f"{statistics.fmean(float(row[key]) for row in rows):.3f}" for key in LOSSES.values())
        means.append([f"`{stage}`", epoch, *cells])
    return {
        "table_ablation": (reference / "table_ablation.md").read_text(encoding="utf-8").rstrip("\n"),
        "table_spaces": markdown(
            ["row", *SPACES], [[f"`{method}`", *map(cells.get, SPACES)] for method, cells in alone.items()]
        ),
        "table_imagined": markdown(["row", *IMAGINED], imagined),
        "curves": markdown(["stage", "epoch", *LOSSES], means),
    }


def filled(text: str, quoted: Mapping[str, str]) -> str:
    """The text with its blocks renewed."""
    return BLOCK.sub(
        lambda block: block["name"] + block["open"] + quoted[block["name"]] + block["close"], text
    )


def main() -> None:
    """Renew all, once it is known that all is there."""
    results, reference = ROOT / "results", ROOT / "docs/reference"
    ends = curves(results / "curves/scenes")
    for path in [*map(results.joinpath, TABLES), results / "figures/t2i.png"]:
        if not path.is_file():
            raise GxnError(f"{path}: there is no such file; {MAKE}")
    for name in TABLES:
        shutil.copyfile(results / name, reference / name)
    shrink(results / "figures/t2i.png", reference / "t2i.png")
    (reference / "curves.csv").write_text(ends, encoding="utf-8")
    for page in map(ROOT.joinpath, PAGES):
        page.write_text(filled(page.read_text(encoding="utf-8"), blocks(reference)), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except GxnError as error:
        sys.exit(f"error: {error}")
