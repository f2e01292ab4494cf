"""Karpathy's splits: one JSON object with a list `images`, each with its `sentences`."""

import sys
from pathlib import Path
from typing import Any

from gxn.datasets.layouts._rows import Problems, Row, first_of, outline, whole_number
from gxn.errors import GxnError
from gxn.regular import parse_json, read_text

NAME = "Karpathy's splits (JSON)"
EXAMPLE = """{"images": [{"filename": "1.jpg", "imgid": 0, "split": "train",
  "sentences": [{"raw": "A dog runs.", "sentid": 0}, {"raw": "A brown dog.", "sentid": 1}]}]}"""


def recognise(path: Path, head: bytes) -> bool:
    """Say whether the file is an object whose list `images` holds objects with `sentences` or a `filename`."""
    value = outline(head)
    if not isinstance(value, dict) or "annotations" in value:
        return False
    image = first_of(value.get("images"))
    return isinstance(image, dict) and bool({"sentences", "sentids", "filename"} & set(image))


def read(path: Path) -> list[Row]:
    """Read the captions; ids, splits and tokens may be missing.

    Raises:
        GxnError: the file is not JSON, a key is given twice, or an entry is wrong; the message names entries.
    """
    value = parse_json(read_text(path), str(path))
    images = value.get("images") if isinstance(value, dict) else None
    if not isinstance(images, list):
        raise GxnError(f"{path}: images: must be a list")
    problems, rows = Problems(str(path)), []
    for number, image in enumerate(images):
        rows += _image(image, f"images[{number}]", problems)
    problems.refuse()
    return rows


def _image(image: Any, place: str, problems: Problems) -> list[Row]:
    """Rows of one image."""
    if not isinstance(image, dict):
        problems.add(place, f"must be an object with keys, not {type(image).__name__}")
        return []
    name = problems.text(place, "filename", image.get("filename"))
    if image.get("filepath"):
        name = f"{problems.text(place, 'filepath', image['filepath'])}/{name}"
    place = f"{place} ({name})"
    imgid = _id(image, "imgid", place, problems)
    split, sentences = image.get("split"), image.get("sentences")
    if split is not None and not isinstance(split, str):
        problems.add(place, f"split: must be text, not {split!r}")
    if not isinstance(sentences, list) or not sentences:
        problems.add(place, "sentences: is empty or missing; every image needs a caption")
        return []
    rows = [
        _sentence(each, f"{place}: sentences[{number}]", imgid, problems)
        for number, each in enumerate(sentences)
    ]
    sentids = [row.sentid for row in rows]
    if None not in sentids and image.get("sentids", sentids) != sentids:
        problems.add(place, "sentids: do not match the sentid of its sentences")
    return [row._replace(image=name or "", split=split, imgid=imgid) for row in rows]


def _sentence(sentence: Any, place: str, imgid: int | None, problems: Problems) -> Row:
    """The row of one caption, still without its image."""
    if not isinstance(sentence, dict):
        problems.add(place, f"must be an object with keys, not {type(sentence).__name__}")
        return Row("", "")
    if imgid is not None and sentence.get("imgid", imgid) != imgid:
        problems.add(place, f"imgid: {sentence['imgid']!r} is not the imgid of its image, {imgid}")
    text = problems.text(place, "raw", sentence.get("raw")) or ""
    tokens = sentence.get("tokens")
    if tokens is not None and not (
        isinstance(tokens, list) and all(isinstance(each, str) and len(each.split()) == 1 for each in tokens)
    ):
        problems.add(place, "tokens: must be a list of words without white space")
    elif tokens:
        tokens = list(map(sys.intern, tokens))  # each word once in memory
    if tokens == []:
        problems.add(place, f"tokens: is empty; remove the key, and the words of {text!r} are taken")
    return Row("", text, sentid=_id(sentence, "sentid", place, problems), tokens=tokens)


def _id(entry: dict[str, Any], key: str, place: str, problems: Problems) -> int | None:
    """The id `key`, None where it is missing; one that is not a whole number is a fault."""
    if entry.get(key) is None:
        return None
    value = whole_number(entry[key]) if type(entry[key]) is int else None
    if value is None:
        problems.add(place, f"{key}: {entry[key]!r} is not an id; ids are whole numbers from 0")
    return value
