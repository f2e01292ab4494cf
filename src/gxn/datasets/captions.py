"""Captioned images as the steps read them: the file `captions.json` of a dataset."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gxn.errors import GxnError
from gxn.files import read_json
from gxn.writing import atomic

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
        raise GxnError(f"{path}: contains no image")
    if len({record.imgid for record in records}) != len(records):
        raise GxnError(f"{path}: an imgid occurs twice; make it with the step prepare")
    return records


def write_captions(path: str | Path, dataset: str, images: Iterable[dict[str, Any]]) -> None:
    """Write `captions.json`, an image a line, one after another, so that no text of the whole is in memory."""
    with atomic(path) as temporary, open(temporary, "w", encoding="utf-8") as text:
        text.write(f'{{"dataset": {json.dumps(dataset)}, "images": [')
        for number, image in enumerate(images):
            text.write(",\n" if number else "\n")
            text.write(json.dumps(image, ensure_ascii=False, allow_nan=False))
        text.write("\n]}\n")


def image_ids(records: list[Record]) -> np.ndarray:
    """Image ids int64 (N,) of `records`, in their order."""
    return np.array([record.imgid for record in records], dtype=np.int64)


def _record(image: dict[str, Any]) -> Record:
    if image["split"] not in SPLITS:
        raise ValueError(f"split {image['split']!r}")
    given = image["sentences"]
    sentences = tuple(Sentence(_is(each["sentid"], int), tuple(_is(each["tokens"], list))) for each in given)
    for sentence in sentences:
        if not sentence.tokens or not all(isinstance(token, str) for token in sentence.tokens):
            raise ValueError(f"tokens of sentence {sentence.sentid}")
    filename, imgid = _is(image["filename"], str), _is(image["imgid"], int)
    return Record(filename, imgid, image["split"], sentences, _is(image.get("truncated", False), bool))


def _is(value: Any, kind: type) -> Any:
    """`value`, unchanged, if it is a `kind` that fits where ids and words go."""
    if type(value) is not kind or (kind is int and not 0 <= value < 2**63):
        raise ValueError(f"{value!r} is not of type {kind.__name__}")
    return value
