"""A user's captions in the layout of the Karpathy splits, checked and brought into one form."""

import collections
import re
import sys
import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, Protocol

from gxn.datasets import tokenisers
from gxn.datasets.captions import SPLITS
from gxn.errors import GxnError

NAMED = 10  # of many problems
SURROGATE = re.compile("[\ud800-\udfff]")
LAYOUT = "it must have the layout of the Karpathy splits"
# Karpathy's splits of COCO call 30,504 further training images "restval"
KNOWN_SPLITS = {"train": "train", "restval": "train", "val": "val", "test": "test"}


class Expected(Protocol):
    """Required numbers: images of each split, and captions of each image outside the training split."""

    train: int
    val: int
    test: int
    captions: int


tokenise = tokenisers.words  # of raw captions, unless another tokeniser is asked for


def normalise(
    value: Any,
    name: str,
    where: str,
    expected: Expected | None = None,
    words: Callable[[str], list[str]] = tokenise,
) -> dict[str, Any]:
    """Check a Karpathy JSON and return it as `captions.json` holds it.

    `restval` becomes `train`, a `filepath` (COCO) moves into `filename`, sentences without tokens are
    tokenised. With `expected`, the counts are asserted and images outside the training split keep their
    first `expected.captions` captions, as the published protocols do.

    Args:
        value: what the JSON file holds.
        name: the dataset's name.
        where: the file's path, for messages.
        words: tokens of a sentence that has none.

    Raises:
        GxnError: anything is missing, empty, doubled or of the wrong type; the message names images and keys.
    """
    if not isinstance(value, dict) or not isinstance(value.get("images"), list) or not value["images"]:
        raise GxnError(f"{where}: has no list 'images'; {LAYOUT}")
    if "annotations" in value:
        raise GxnError(f"{where}: has 'annotations', as COCO's own files; {LAYOUT}")
    kept, images, problems = expected.captions if expected else None, [], []
    for row, image in enumerate(value["images"]):
        try:
            images.append(_image(image, f"{where}: images[{row}]", kept, words))
        except GxnError as error:
            problems.append(str(error))
    raise_problems(problems)
    _unique([[image["imgid"]] for image in images], where, "imgid")
    _unique([[str(PurePosixPath(image["filename"]))] for image in images], where, "filename")
    _unique([image["sentids"] for image in images], where, "sentid")
    _check_counts(images, where, expected)
    return {"dataset": name, "images": images}


def _image(image: Any, where: str, kept: int | None, words: Callable[[str], list[str]]) -> dict[str, Any]:
    """One checked image; outside the training split only the first `kept` captions stay."""
    filename = _value(image, "filename", str, where)
    if image.get("filepath"):
        filename = f"{_value(image, 'filepath', str, where)}/{filename}"
    where = f"{where} ({filename})"
    imgid = _value(image, "imgid", int, where)
    split = _value(image, "split", str, where)
    if split not in KNOWN_SPLITS:
        raise GxnError(f"{where}: split: unknown value {split!r}; known: {', '.join(KNOWN_SPLITS)}")
    given = _value(image, "sentences", list, where)
    if not given:
        raise GxnError(f"{where}: sentences: is empty; every image needs a caption")
    sentences = [
        _sentence(each, imgid, f"{where}: sentences[{row}]", words) for row, each in enumerate(given)
    ]
    if "sentids" in image and image["sentids"] != [each["sentid"] for each in sentences]:
        raise GxnError(f"{where}: sentids: do not match the sentid of its sentences")
    split = KNOWN_SPLITS[split]
    if kept is not None and split != "train":
        if len(sentences) < kept:
            raise GxnError(
                f"{where}: sentences: {len(sentences)} captions, but {kept} are expected in {split}"
            )
        sentences = sentences[:kept]
    sentids = [each["sentid"] for each in sentences]
    return {"filename": filename, "imgid": imgid, "split": split, "sentids": sentids, "sentences": sentences}


def _sentence(sentence: Any, imgid: int, where: str, words: Callable[[str], list[str]]) -> dict[str, Any]:
    """One checked caption."""
    sentid = _value(sentence, "sentid", int, where)
    where = f"{where} (sentid {sentid})"
    if sentence.get("imgid", imgid) != imgid:
        raise GxnError(f"{where}: imgid: {sentence['imgid']!r} is not the imgid of its image, {imgid}")
    raw = _value(sentence, "raw", str, where)
    if not raw.strip():
        raise GxnError(f"{where}: raw: the caption is empty; give it text or remove it")
    if "tokens" in sentence:
        tokens = _value(sentence, "tokens", list, where)
        if not tokens:
            raise GxnError(f"{where}: tokens: is empty; remove the key, and the words of {raw!r} are taken")
        for token in tokens:
            if len(_value({"tokens": token}, "tokens", str, where).split()) != 1:
                raise GxnError(f"{where}: tokens: every token must be one word without white space")
        tokens = [sys.intern(unicodedata.normalize("NFC", token.strip())) for token in tokens]
    else:
        tokens = list(map(sys.intern, words(raw)))
    if not tokens:
        raise GxnError(f"{where}: raw: the caption {raw!r} has no word; give it text or remove it")
    return {"raw": raw, "tokens": tokens, "imgid": imgid, "sentid": sentid}


def _value(mapping: Any, key: str, kind: type, where: str) -> Any:
    """`mapping[key]`, which must be there and be a `kind`."""
    if not isinstance(mapping, dict):
        raise GxnError(f"{where}: must be a mapping of keys, not {type(mapping).__name__}")
    if key not in mapping:
        raise GxnError(f"{where}: {key}: is missing")
    value = mapping[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise GxnError(f"{where}: {key}: must be {kind.__name__}, not {value!r}")
    if kind is int and not 0 <= value < 2**63:
        raise GxnError(f"{where}: {key}: {value} is not an id; ids are whole numbers from 0")
    if kind is str and not value.isascii() and SURROGATE.search(value):
        raise GxnError(
            f"{where}: {key}: {value!r} contains half of a surrogate pair, which is not a character"
        )
    return value


def raise_problems(problems: list[str]) -> None:
    """Raise a GxnError that names the first of `problems`, one a line, if there are any."""
    if problems:
        more = [f"and {len(problems) - NAMED} more"] if len(problems) > NAMED else []
        raise GxnError("\n".join(problems[:NAMED] + more))


def reworded(images: list[dict[str, Any]], words: Callable[[str], list[str]] = tokenise) -> list[str]:
    """Captions with tokens that are not the words of their `raw`, as after `raw` alone was edited."""
    return [
        f"{image['filename']}, sentid {sentence['sentid']}"
        for image in images
        for sentence in image["sentences"]
        if sentence["tokens"] != words(sentence["raw"])
    ]


def _unique(values: list[list[Any]], where: str, key: str) -> None:
    """Refuse a value that two images have, or one has twice; `values` are those of each image."""
    places = collections.defaultdict(list)
    for row, of_image in enumerate(values):
        for value in of_image:
            places[value].append(f"images[{row}]")
    raise_problems(
        [
            f"{where}: {key}: {value!r} occurs in {' and '.join(rows)}"
            for value, rows in places.items()
            if len(rows) > 1
        ]
    )


def _check_counts(images: list[dict[str, Any]], where: str, expected: Expected | None) -> None:
    found = collections.Counter(image["split"] for image in images)
    for split in SPLITS:
        if not found[split]:
            raise GxnError(
                f"{where}: split: there is no image in {split}; train, val and test are all needed"
            )
        wanted = getattr(expected, split) if expected else found[split]
        if found[split] != wanted:
            raise GxnError(f"{where}: split: {found[split]} images in {split}, but {wanted} are expected")
