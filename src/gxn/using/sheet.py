"""A contact sheet: the results of a search as pictures, in their own aspect, with rank and score."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot

from gxn.reporting import style
from gxn.using.index import Found
from gxn.writing import atomic

COLUMNS = 5
SIDE = 1.4  # inches of a picture


def write_sheet(path: Path, title: str, found: Sequence[Found], pictures: Sequence[np.ndarray | str]) -> None:
    """Write a PNG.

    Args:
        path: to write.
        title: what was searched for.
        found: results, the best first.
        pictures: uint8 (H, W, 3) of each, or its name where there is none.
    """
    columns = min(COLUMNS, max(1, len(found)))
    lines = -(-len(found) // columns)
    with style.house_style(), atomic(path) as temporary:
        size = (columns * SIDE + 0.2, lines * (SIDE + 0.3) + 0.4)
        figure, axes = pyplot.subplots(lines, columns, figsize=size, squeeze=False, layout="constrained")
        figure.suptitle("\n".join(textwrap.wrap(title, 18 * columns)), fontsize=9, parse_math=False)
        for axis in axes.flat:
            axis.set_axis_off()
        for rank, (axis, one, picture) in enumerate(zip(axes.flat, found, pictures, strict=False), 1):
            if isinstance(picture, str):
                axis.text(
                    0.5, 0.5, "\n".join(textwrap.wrap(picture, 16)), ha="center", va="center", fontsize=6
                )
            else:
                axis.imshow(picture)
            name = Path(one.name).name
            axis.set_title(f"{rank}: {one.score:.3f}\n{name[:22]}", fontsize=6, parse_math=False)
        figure.savefig(temporary, format="png", dpi=200, metadata={"Software": None})
