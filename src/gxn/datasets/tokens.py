"""Vocabulary and captions as integers: `vocabulary.json` and `tokens.h5`."""

import collections
import json
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from gxn.datasets.captions import SPLITS, Record, image_ids
from gxn.datasets.words import BITS, SPECIAL, UNK
from gxn.errors import GxnError
from gxn.files import digest, read_json
from gxn.hdf5 import create_hdf5, hdf5_dataset, hdf5_metadata, open_hdf5


@dataclass(frozen=True)
class Captions:
    """The captions of one split as integers.

    Caption `c` is `tokens[offsets[c]:offsets[c + 1]]`, without BOS and EOS, of image
    `imgid[caption_image[c]]`; the captions of an image stand together.
    """

    tokens: np.ndarray  # int32 (T,)
    offsets: np.ndarray  # int64 (C + 1,)
    imgid: np.ndarray  # int64 (N,)
    caption_image: np.ndarray  # int64 (C,), rows of imgid
    sentid: np.ndarray  # int64 (C,)
    words: tuple[str, ...]  # by id, the special ones first
    vocabulary: str  # gxn.files.digest of the words


def build_vocabulary(records: list[Record], min_count: int) -> list[str]:
    """Special words, then those that occur at least `min_count` times in the training split, most frequent first.

    Words that occur equally often are in code point order.

    Raises:
        GxnError: no word is frequent enough, or there are more words than ids.
    """
    training = (record for record in records if record.split == "train")
    counts = collections.Counter(
        token for record in training for sentence in record.sentences for token in sentence.tokens
    )
    words = [word for word, count in counts.items() if count >= min_count and word not in SPECIAL]
    if not words:
        raise GxnError(
            f"vocabulary.min_count: no word occurs {min_count} times in the training split; lower it"
        )
    if len(words) > 2**BITS - len(SPECIAL):
        raise GxnError(
            f"vocabulary.min_count: {len(words)} words occur {min_count} times in the training split, more than "
            f"{2**BITS - len(SPECIAL)}; raise it"
        )
    return [*SPECIAL, *sorted(words, key=lambda word: (-counts[word], word))]


def encode(records: list[Record], words: list[str], max_length: int) -> dict[str, np.ndarray]:
    """Arrays of `tokens.h5` for the records of one split; captions keep their first `max_length` words."""
    ids = {word: id for id, word in enumerate(words) if id >= len(SPECIAL)}
    sentences = [sentence for record in records for sentence in record.sentences]
    captions = [[ids.get(token, UNK) for token in sentence.tokens[:max_length]] for sentence in sentences]
    return {
        "tokens": np.array([token for caption in captions for token in caption], dtype=np.int32),
        "offsets": np.cumsum([0, *map(len, captions)], dtype=np.int64),
        "imgid": image_ids(records),
        "caption_image": np.repeat(np.arange(len(records)), [len(record.sentences) for record in records]),
        "sentid": np.array([sentence.sentid for sentence in sentences], dtype=np.int64),
    }


def write_tokens(path: str | Path, records: list[Record], words: list[str], max_length: int) -> None:
    """Write `tokens.h5`: a group of arrays per split, the words, and their hash in the metadata."""
    with create_hdf5(path, {"vocabulary": digest(list(words)), "max_length": max_length}) as file:
        file["words"] = np.frombuffer(json.dumps(words).encode(), np.uint8)  # JSON, as numbers have checksums
        for split in SPLITS:
            arrays = encode([record for record in records if record.split == split], words, max_length)
            for name, array in arrays.items():
                file.create_dataset(f"{split}/{name}", data=array)


def read_vocabulary(path: str | Path) -> list[str]:
    """Words of `vocabulary.json`, by id.

    Raises:
        GxnError: the file is missing or damaged, a word occurs twice, or the special words are not first.
    """
    value = read_json(path)
    words = value.get("words") if isinstance(value, dict) else None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise GxnError(f"{path}: has no list 'words'; make it with the step tokenize")
    if tuple(words[: len(SPECIAL)]) != SPECIAL:
        raise GxnError(f"{path}: words must begin with {', '.join(SPECIAL)}")
    if len(set(words)) != len(words):
        raise GxnError(f"{path}: a word occurs twice; make it with the step tokenize")
    return words


def read_tokens(path: str | Path, split: str) -> Captions:
    """Captions of one split of `tokens.h5`, fully checked.

    Raises:
        GxnError: the file is missing, damaged or inconsistent, or has no such split.
    """
    with open_hdf5(path) as file:
        if not isinstance(file.get(split), h5py.Group):
            raise GxnError(f"{path}: has no split {split!r}")
        names = ("tokens", "offsets", "imgid", "caption_image", "sentid")
        arrays = {name: hdf5_dataset(file, f"{split}/{name}", "iu", 1)[:] for name in names}
        words = _words(file)
        vocabulary = hdf5_metadata(file).get("vocabulary")
    captions = Captions(**arrays, words=words, vocabulary=digest(list(words)))
    fault = (
        "vocabulary does not match the hash of its words"
        if vocabulary != captions.vocabulary
        else _fault(captions)
    )
    if fault:
        raise GxnError(f"{path}: {split}: {fault}; delete it and run the step tokenize")
    return captions


def _words(file: h5py.File) -> tuple[str, ...]:
    text = hdf5_dataset(file, "words", "u", 1)[:].tobytes()
    try:
        words = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GxnError(f"{file.filename}: words: {error}; delete it and run the step tokenize") from error
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise GxnError(f"{file.filename}: words are not text; delete it and run the step tokenize")
    return tuple(words)


def _fault(captions: Captions) -> str | None:
    """Describe what is wrong with the arrays of a split, if anything."""
    tokens, offsets = captions.tokens, captions.offsets
    images, count = captions.caption_image, len(captions.sentid)
    if not len(captions.imgid) or len(offsets) != count + 1 or len(images) != count:
        return "lengths of offsets, sentid and caption_image disagree, or there is no image"
    if offsets[0] != 0 or offsets[-1] != len(tokens) or (np.diff(offsets) < 1).any():
        return "offsets must rise from 0 to the number of tokens, with no empty caption"
    if tokens.min() < UNK or tokens.max() >= len(captions.words):
        return f"tokens must be ids from {UNK} to {len(captions.words) - 1}"
    if images[0] != 0 or images[-1] != len(captions.imgid) - 1 or not np.isin(np.diff(images), (0, 1)).all():
        return "caption_image must name every image, in order"
    for name, ids in (("imgid", captions.imgid), ("sentid", captions.sentid)):
        if len(np.unique(ids)) != len(ids):
            return f"{name} contains an id twice"
    return None
