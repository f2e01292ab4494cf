"""A JSON list of objects with an image and its caption or captions."""

from pathlib import Path

from gxn.datasets.layouts._rows import Problems, Row, entry_rows, fields, first_of, outline, strictly
from gxn.regular import parse_json, read_text

NAME = "a list of images with captions (JSON)"
EXAMPLE = """[{"image": "1.jpg", "caption": "A dog runs."},
 {"image": "2.jpg", "caption": ["A cat sleeps.", "A grey cat."]}]"""


def recognise(path: Path, head: bytes) -> bool:
    """Say whether the file is a list whose first element is an object with an image and a caption."""
    first = first_of(outline(head))
    return isinstance(first, dict) and fields(first) is not None


def read(path: Path) -> list[Row]:
    """Read the captions; each is text or a list of texts, and a split or ids may stand beside them.

    Raises:
        GxnError: the file is not JSON, an entry has no image or caption, or a key is given twice.
    """
    value = strictly(parse_json(read_text(path), str(path)), list, str(path))
    problems, rows = Problems(str(path)), []
    for number, entry in enumerate(value):
        found = fields(entry) if isinstance(entry, dict) else None
        if found is None:
            problems.add(f"[{number}]", "must be an object with an image and a caption")
            continue
        rows += entry_rows(entry, found, f"[{number}]", problems)
    problems.refuse()
    return rows
