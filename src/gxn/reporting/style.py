"""Style of the figures, and their files: the same bytes every time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from gxn import cli
from gxn.reporting.rows import RowArguments, Rows
from gxn.writing import atomic

WIDTH = 7.2  # inches: two columns of a paper
DIGITS = 6  # of a part's place, as a share of the figure
INK = "#222222"
MUTED = "#767676"
CORRECT = "#00795C"

# Okabe and Ito's palette, distinct with any colour vision, and Tol's wine, indigo, teal and olive; yellow, faint
# on paper, is grey here
PALETTE = ("#999999", "#56B4E9", "#0072B2", "#000000", "#E69F00", "#D55E00", "#009E73", "#CC79A7", "#882255")
PALETTE += ("#332288", "#44AA99", "#999933")
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "h", "p", "<", ">")

SETTINGS = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same everywhere
    "mathtext.fontset": "dejavusans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "pdf.fonttype": 42,
}


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The two files that every figure is written to."""

    pdf: Path = cli.option("PDF to write")
    png: Path = cli.option("PNG to write")


@dataclass(frozen=True, kw_only=True)
class FigureArguments(Outputs, RowArguments):
    """Arguments of a step that draws all rows."""


@dataclass(frozen=True)
class Look:
    """Colour, dashes and marker of a row: no two of the first twelve share any, but dashes."""

    colour: str
    dashes: str | tuple
    marker: str


def looks(rows: Rows, more: Sequence[str] = ()) -> dict[str, Look]:
    """The look of each row, then of `more` keys: in the row's own colour, or the next that no row has."""
    own = {key: row.colour for key, row in rows.items() if row.colour}
    free = [colour for colour in PALETTE if colour not in own.values()] or PALETTE
    others = [key for key in [*rows, *more] if key not in own]
    colours = own | {key: free[i % len(free)] for i, key in enumerate(others)}
    return {
        key: Look(colours[key], DASHES[(i + i // len(MARKERS)) % len(DASHES)], MARKERS[i % len(MARKERS)])
        for i, key in enumerate([*rows, *more])
    }


@contextmanager
def house_style() -> Iterator[None]:
    """Draw inside this, whatever the user's own matplotlib settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield
        pyplot.close("all")


def save(figure: Figure, outputs: Outputs) -> None:
    """Write both forms without dates or versions in them; 300 dots per inch."""
    save_pdf(figure, outputs.pdf)
    with atomic(outputs.png) as temporary:
        figure.savefig(temporary, format="png", dpi=300, metadata={"Software": None})


def save_pdf(figure: Figure, path: Path) -> None:
    """Write a figure as PDF, without date or version, and leave its layout as it is then."""
    _settle(figure)
    with atomic(path) as temporary:
        unsaid = dict.fromkeys(("Creator", "Producer", "CreationDate", "ModDate"))
        figure.savefig(temporary, format="pdf", metadata=unsaid)


def _settle(figure: Figure) -> None:
    """Lay a figure out, and round the places of its parts: the last digits that the layout solves for vary."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for part in figure.subfigs:
        part.bbox_relative.set_points(part.bbox_relative.get_points().round(DIGITS))
    for axis in figure.axes:
        axis.set_position(Bbox(axis.get_position().get_points().round(DIGITS)))


def nothing(reason: str) -> Figure:
    """A figure that says why there is none."""
    figure = pyplot.figure(figsize=(WIDTH, 0.4))
    figure.text(0.5, 0.5, reason, ha="center", va="center", color=MUTED)
    return figure
