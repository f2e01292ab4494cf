"""A JSON object whose keys are the images' names, with a caption or a list of captions each."""

from pathlib import Path
from typing import Any

from gxn.datasets.layouts._rows import Problems, Row, fields, outline, strictly
from gxn.regular import parse_json, read_text

NAME = "captions by image name (JSON)"
EXAMPLE = """{"1.jpg": ["A dog runs.", "A brown dog."], "2.jpg": ["A cat sleeps."]}"""


def recognise(path: Path, head: bytes) -> bool:
    """Say whether the file is an object whose first value is text or a list of texts, and none holds an object."""
    value = outline(head)
    if not isinstance(value, dict) or not value or fields(value) is not None:
        return False
    held = [each for one in value.values() for each in (one if isinstance(one, list) else [one])]
    return _texts(next(iter(value.values()))) and not any(isinstance(each, dict) for each in held)


def _texts(value: Any) -> bool:
    """Say whether a value is text or a list of texts that is not empty."""
    texts = value if isinstance(value, list) else [value]
    return bool(texts) and all(isinstance(text, str) for text in texts)


def read(path: Path) -> list[Row]:
    """Read the captions, in the order of the file.

    Raises:
        GxnError: the file is not JSON, an image is named twice, or a caption is not text.
    """
    value = strictly(parse_json(read_text(path), str(path)), dict, str(path))
    problems, rows = Problems(str(path)), []
    for name, captions in value.items():
        place = repr(name[:100])
        image = problems.text(place, "image", name)
        if captions == []:
            problems.add(place, "captions: is empty; every image needs a caption")
        for text in captions if isinstance(captions, list) else [captions]:
            caption = problems.text(place, "caption", text)
            if image and caption:
                rows.append(Row(image, caption))
    problems.refuse()
    return rows
