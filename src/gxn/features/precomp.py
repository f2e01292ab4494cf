"""The field's `*_precomp` folders: `{split}_ims.npy`, features, and `{split}_caps.txt`, a caption a line.

The features have one row an image or one a caption, in which case an image's rows are equal and stand together;
every image has the same number of captions, mostly five.
"""

from pathlib import Path

import numpy as np

from gxn.datasets.layouts._rows import Problems, Row
from gxn.datasets.splits import SPLIT_NAMES
from gxn.errors import GxnError
from gxn.features.ready import MOST_WIDTH, ReadyFeatures, reading, take
from gxn.hdf5 import BLOCK
from gxn.regular import read_text, require_regular

CAPTIONS = 5  # of an image, where the features have a row for each caption


def is_precomp(folder: Path) -> bool:
    """Say whether a folder holds `train_ims.npy` and `train_caps.txt`."""
    return (folder / "train_ims.npy").exists() and (folder / "train_caps.txt").exists()


def read_precomp(folder: Path) -> tuple[list[Row], ReadyFeatures]:
    """Read the captions of a folder, and open its features.

    Images are called `{split}_{number}`, as the folder has no names. Files of other splits than train, val (dev)
    and test are passed over (`testall`).

    Returns:
        Captions with their splits, and features whose rows have the images' names.

    Raises:
        GxnError: a file is missing or damaged, or features and captions do not fit each other.
    """
    captions: list[Row] = []
    names: list[str] = []
    tables: list[tuple[np.ndarray, int]] = []
    for ims in sorted(folder.glob("*_ims.npy"), key=lambda path: path.name):
        split = ims.name.removesuffix("_ims.npy")
        if split not in SPLIT_NAMES:
            continue
        texts = _captions(folder / f"{split}_caps.txt")
        table = _open(ims)
        per_row, per_image = _captions_per(table, len(texts), ims)
        count = len(texts) // per_image
        names += [f"{split}_{at}" for at in range(count)]
        captions += [Row(f"{split}_{at // per_image}", text, split) for at, text in enumerate(texts)]
        tables.append((table, per_image // per_row))
    widths = {table.shape[-1] for table, _ in tables}
    if not tables or len(widths) != 1:  # none: the folder is another one
        what = f"features of different widths, {sorted(widths)}" if tables else "no train_ims.npy"
        raise GxnError(f"{folder}: has {what}")
    return captions, ReadyFeatures(folder, widths.pop(), names, None, lambda rows: _read(tables, rows))


def _captions(path: Path) -> list[str]:
    """Captions, one a line; a blank line is a fault, since the line's number says whose caption it is."""
    lines = read_text(path).removesuffix("\n").split("\n")
    problems = Problems(str(path))
    texts = [problems.text(f"line {at}", "caption", line.strip()) for at, line in enumerate(lines, start=1)]
    problems.refuse()
    return [text for text in texts if text]


def _open(path: Path) -> np.ndarray:
    """The features of a split, (N, D) or (N, R, D), still in the file."""
    require_regular(path)
    with reading(path):
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    if (
        table.dtype.kind != "f"
        or table.ndim not in (2, 3)
        or 0 in table.shape
        or table.shape[-1] > MOST_WIDTH
    ):
        raise GxnError(
            f"{path}: must be floats (images, width) or (images, regions, width), not {table.shape}"
        )
    return table


def _captions_per(table: np.ndarray, captions: int, path: Path) -> tuple[int, int]:
    """Count the captions of each row of the features, and of each image."""
    rows = len(table)
    if captions % rows:
        raise GxnError(
            f"{path}: has {rows} rows for {captions} captions; each row must have as many as any other"
        )
    if captions > rows:
        return captions // rows, captions // rows
    return 1, CAPTIONS if rows % CAPTIONS == 0 and _repeated(table) else 1


def _repeated(table: np.ndarray) -> bool:
    """Say whether each five rows are equal: then they are of one image."""
    size = BLOCK - BLOCK % CAPTIONS
    for start in range(0, len(table), size):
        block = np.asarray(table[start : start + size])
        block = block.reshape(-1, CAPTIONS, *block.shape[1:])
        if not np.array_equal(block, np.broadcast_to(block[:, :1], block.shape), equal_nan=True):
            return False
    return True


def _read(tables: list[tuple[np.ndarray, int]], rows: np.ndarray) -> np.ndarray:
    """Features (M, D) of images by rising number over all splits; `tables` have each split's rows an image."""
    first, found = 0, []
    for table, step in tables:
        count = len(table) // step
        own = rows[(rows >= first) & (rows < first + count)] - first
        found.append(take(table, own * step))
        first += count
    return np.concatenate(found)
