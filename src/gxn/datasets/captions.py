"""Captioned images as the steps read them: the file `captions.json` of a dataset."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gxn.errors import GxnError
from gxn.files import read_json

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One caption: its id and its words."""

    sentid: int
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One image and its captions; `truncated` marks a photograph accepted although its end is missing."""

    filename: str
    imgid: int
    split: str
    sentences: tuple[Sentence, ...]
    truncated: bool = False


def read_captions(path: str | Path) -> list[Record]:
    """Records of `captions.json`, in the file's order, which is the row order of every file made from it.

    Raises:
        GxnError: the file is missing, damaged or not in the layout that the step `prepare` writes.
    """
    value = read_json(path)
    try:
        records = [_record(image) for image in value["images"]]
    except (KeyError, TypeError, ValueError) as error:
        what = f"is not a captions.json of this package ({type(error).__name__}: {error})"
        raise GxnError(f"{path}: {what}; make it with the step prepare") from error
    if not records:
        raise GxnError(f"{path}: holds no image")
    return records


def image_ids(records: list[Record]) -> np.ndarray:
    """Image ids int64 (N,) of `records`, in their order."""
    return np.array([record.imgid for record in records], dtype=np.int64)


def _record(image: dict[str, Any]) -> Record:
    if image["split"] not in SPLITS:
        raise ValueError(f"split {image['split']!r}")
    sentences = tuple(Sentence(int(each["sentid"]), tuple(each["tokens"])) for each in image["sentences"])
    truncated = bool(image.get("truncated", False))
    return Record(image["filename"], int(image["imgid"]), image["split"], sentences, truncated)
