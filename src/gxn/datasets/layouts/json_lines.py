"""JSON lines, such as `metadata.jsonl` of an image folder: an object in each line."""

from pathlib import Path

from gxn.datasets.layouts._rows import Problems, Row, entry_rows, fields, outline
from gxn.errors import GxnError
from gxn.regular import lines, parse_json, read_text

NAME = "JSON lines (metadata.jsonl)"
EXAMPLE = """{"file_name": "1.jpg", "text": "A dog runs."}
{"file_name": "2.jpg", "text": ["A cat sleeps.", "A grey cat."], "split": "test"}
"""


def recognise(path: Path, head: bytes) -> bool:
    """Say whether the first line is an object with an image and a caption, and each further line a new object."""
    found = lines(head.decode("utf-8-sig", errors="ignore"))
    _, first = next(found, (0, ""))
    value = outline(first.encode())
    if not isinstance(value, dict) or fields(value) is None:
        return False
    return next(found, (0, "{"))[1].lstrip().startswith("{")


def read(path: Path) -> list[Row]:
    """Read the captions; each is text or a list of texts, and a split or ids may stand beside them.

    Raises:
        GxnError: a line is not a JSON object, has no image or caption, or has a key twice.
    """
    problems, rows = Problems(str(path)), []
    for number, line in lines(read_text(path)):
        place = f"line {number}"
        try:
            value = parse_json(line, f"{path}: {place}")
        except GxnError as error:
            problems.found.append(str(error))
            problems.refuse()
        found = fields(value) if isinstance(value, dict) else None
        if found is None:
            problems.add(place, "must be an object with an image (file_name) and a caption (text)")
            continue
        rows += entry_rows(value, found, place, problems)
    problems.refuse()
    return rows
