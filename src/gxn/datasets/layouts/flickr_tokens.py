"""Flickr8K's and Flickr30K's token files: `name#number`, a tab, the caption."""

import re
from pathlib import Path

from gxn.datasets.folders import is_image_name
from gxn.datasets.layouts._rows import Problems, Row
from gxn.regular import lines, read_text

NAME = "Flickr's token file"
EXAMPLE = "1.jpg#0\tA dog runs.\n1.jpg#1\tA brown dog.\n"
NUMBER = re.compile(r"#[0-9]+$")


def recognise(path: Path, head: bytes) -> bool:
    """Say whether the first line is a name with # and a number, or the name of an image file, a tab, and text."""
    _, line = next(lines(head.decode("utf-8-sig", errors="ignore")), (0, ""))
    name, tab, text = line.partition("\t")
    named = NUMBER.search(name.strip()) or is_image_name(name.strip())
    return bool(tab and text.strip() and named) and not name.lstrip().startswith(("{", "["))


def read(path: Path) -> list[Row]:
    """Read the captions, in the file's order.

    Raises:
        GxnError: a line has no tab, no name or no caption.
    """
    problems, rows = Problems(str(path)), []
    for number, line in lines(read_text(path)):
        name, tab, text = line.partition("\t")
        place = f"line {number}"
        if not tab:
            problems.add(place, "has no tab between the image's name and the caption")
            continue
        image = problems.text(place, "image", NUMBER.sub("", name.strip()))
        caption = problems.text(place, "caption", text)
        if image and caption:
            rows.append(Row(image, caption))
    problems.refuse()
    return rows
