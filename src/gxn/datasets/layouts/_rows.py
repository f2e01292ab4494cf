"""The rows that every layout of caption files is read into, and the columns and keys that layouts share."""

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from gxn.datasets.karpathy import SURROGATE, raise_problems
from gxn.errors import GxnError

IMAGE_KEYS = (
    *("image", "image_name", "file_name", "filename", "file", "image_file", "image_path", "filepath"),
    *("file_path", "path", "img", "img_name", "img_path", "photo", "picture", "image_id", "id"),
)
CAPTION_KEYS = (
    "caption",
    "captions",
    "text",
    "texts",
    "sentence",
    "sentences",
    "comment",
    "description",
    "raw",
)
SPLIT_KEYS = ("split", "set", "subset", "partition")
IMGID_KEYS = ("imgid", "image_id", "img_id")
SENTID_KEYS = ("sentid", "caption_id", "sentence_id")
# caption_1, caption2, "comment 3"
NUMBERED = re.compile(r"[ _-]?[0-9]+$")

MOST_LETTERS = 10_000  # of a name or a caption: the longest machine-made captions have some 2,000


class Row(NamedTuple):
    """One caption as a caption file gives it; what the file does not say is None.

    Attributes:
        image: name of the image file, as the caption file spells it.
        text: the caption.
        split: name of the split, as the caption file spells it.
        imgid, sentid: ids of image and caption.
        tokens: the caption's words, where the file has them beside the text.
    """

    image: str
    text: str
    split: str | None = None
    imgid: int | None = None
    sentid: int | None = None
    tokens: list[str] | None = None


class Problems:
    """Faults found in a file: up to 1,000 are collected, so that a user sees several at once."""

    def __init__(self, where: str) -> None:
        self.where, self.found = where, []

    def add(self, place: str, problem: str) -> None:
        """Note a fault of the line or entry `place`."""
        self.found.append(f"{self.where}: {place}: {problem}")
        if len(self.found) == 1000:
            raise_problems(self.found)

    def text(self, place: str, key: str, value: Any) -> str | None:
        """`value` stripped, if it is text that is not blank; else a fault is noted and None is returned."""
        if not isinstance(value, str):
            self.add(place, f"{key}: must be text, not {_short(value)}")
        elif not value.strip():
            self.add(place, f"{key}: is empty; give it text or remove the entry")
        elif len(value) > MOST_LETTERS:
            self.add(place, f"{key}: has {len(value)} characters, of at most {MOST_LETTERS}; is it a {key}?")
        elif not value.isascii() and SURROGATE.search(value):
            self.add(place, f"{key}: contains half of a surrogate pair, which is not a character")
        elif key == "image" and "\0" in value:
            self.add(place, "image: contains a NUL character, which file names cannot")
        else:
            return value.strip()
        return None

    def refuse(self) -> None:
        """Raise a GxnError that names the faults, if there are any."""
        raise_problems(self.found)


def _short(value: Any) -> str:
    """A JSON value for a message, at most 60 characters of it."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def whole_number(value: Any) -> int | None:
    """An id from JSON or CSV as int; None where it is not a whole number from 0 to 2^63 - 1."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value.strip(), re.ASCII):
        value = int(value)
    return value if type(value) is int and 0 <= value < 2**63 else None


class Fields(NamedTuple):
    """The keys of an entry, or columns of a table, by their meaning; None: there is no such key."""

    image: str
    captions: tuple[str, ...]
    split: str | None
    imgid: str | None
    sentid: str | None


def fields(names: Iterable[str]) -> Fields | None:
    """Find the fields among column names or keys, whatever their case and the blanks around them.

    None: there is no image or no caption among them. The first of CAPTION_KEYS that is there is read, with all
    that differ from it by a number only (`caption_1`, `caption_2`).
    """
    known = {name.strip().lower(): name for name in names}
    image = _first(known, IMAGE_KEYS)
    found = ([name for each, name in known.items() if NUMBERED.sub("", each) == key] for key in CAPTION_KEYS)
    captions = next(filter(None, found), [])
    if image is None or not captions:
        return None
    rest = {key: name for key, name in known.items() if name != image}
    return Fields(
        image, tuple(captions), _first(rest, SPLIT_KEYS), _first(rest, IMGID_KEYS), _first(rest, SENTID_KEYS)
    )


def _first(known: dict[str, str], keys: Iterable[str]) -> str | None:
    return next((known[key] for key in keys if key in known), None)


def entry_rows(entry: dict[str, Any], found: Fields, place: str, problems: Problems) -> list[Row]:
    """Rows of one entry, JSON's or a table's, whose captions are text or a list of texts."""
    image = problems.text(place, "image", entry.get(found.image))
    split = entry.get(found.split) if found.split else None
    if split is not None and not isinstance(split, str):
        problems.add(place, f"{found.split}: must be text, not {_short(split)}")
        split = None
    imgid = whole_number(entry.get(found.imgid)) if found.imgid else None
    texts: list[Any] = []
    for key in found.captions:
        value = entry.get(key)
        texts += value if isinstance(value, list) else [] if value is None else [value]
    if len(found.captions) > 1:  # images of one table may have different numbers of captions
        texts = [text for text in texts if text != ""]
    if not texts:
        problems.add(place, f"{found.captions[0]}: is empty; every image needs a caption")
    sentid = whole_number(entry.get(found.sentid)) if found.sentid and len(texts) == 1 else None
    checked = [problems.text(place, "caption", text) for text in texts]
    split = (split or "").strip() or None
    return [Row(image, text, split, imgid, sentid) for text in checked if image and text]


def outline(head: bytes) -> Any:
    """Parse the beginning of a JSON text, `head`, up to its last whole element.

    None: it is not the beginning of exactly one JSON value. This recognises a file by its keys without reading
    90 MB.
    """
    text = head.decode("utf-8-sig", errors="ignore")
    waiting, cut, end = [], 0, ""
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|["\[\]{},]', text, re.DOTALL):
        sign = match[0]
        if sign == '"':  # a string that the cut has left open
            break
        if sign in "[{":
            waiting.append("]" if sign == "[" else "}")
        elif sign in "]}":
            if not waiting or waiting.pop() != sign:
                return None
            if not waiting:  # whole; more than white space after it is another value
                cut, end = match.end(), ""
                if text[cut:].strip():
                    return None
        elif sign == ",":
            cut, end = match.start(), "".join(reversed(waiting))
    try:
        return json.loads(text[:cut] + end) if cut else None
    except (ValueError, RecursionError):
        return None


def first_of(value: Any) -> Any:
    """The first element of a list that is not empty, else None."""
    return value[0] if isinstance(value, list) and value else None


def strictly(value: Any, kind: type, place: str) -> Any:
    """`value`, if it is a `kind`.

    Raises:
        GxnError: it is of another type.
    """
    if not isinstance(value, kind):
        names = {list: "a list", dict: "an object with keys", str: "text"}
        raise GxnError(f"{place}: must be {names[kind]}, not {_short(value)}")
    return value
