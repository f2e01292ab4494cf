"""The number of training images whose captions contain each n-gram: `document_frequencies.h5`."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gxn.datasets.tokens import Captions
from gxn.datasets.words import BITS
from gxn.errors import GxnError
from gxn.hdf5 import create_hdf5, hdf5_dataset, hdf5_metadata, open_hdf5
from gxn.kernels.ngrams import LONGEST, collect_all

IMAGES = (
    10_000  # counted at a time: with five captions each, 2.3 million n-grams, 100 MB while they are sorted
)


@dataclass(frozen=True)
class DocumentFrequencies:
    """A document is the captions of one image, each with its EOS.

    Attributes:
        ngrams: (K,) uint64, sorted, as `gxn.kernels.ngrams` packs them.
        counts: (K,) int64, documents that hold each.
        documents: number of documents.
    """

    ngrams: np.ndarray
    counts: np.ndarray
    documents: int


def ngrams_of(tokens: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """N-grams of each caption, an EOS appended.

    Args:
        tokens: (T,) integers, captions one after another.
        offsets: (C + 1,) int64, caption c is tokens[offsets[c]:offsets[c + 1]].

    Returns:
        n-grams uint64 and how often each stands in its caption int32, sorted within a caption; starts
        (C + 1,) int64 of each caption's.

    Raises:
        GxnError: a word id does not fit into sixteen bits.
    """
    if len(tokens) and not 0 < tokens.min() <= tokens.max() < 1 << BITS:
        raise GxnError(
            f"captions: n-grams support word ids from 1 to {(1 << BITS) - 1}; raise vocabulary.min_count"
        )
    room = LONGEST * (len(tokens) + len(offsets) - 1)
    keys, counts = np.empty(room, np.uint64), np.empty(room, np.int32)
    starts = np.zeros(len(offsets), np.int64)
    collect_all(tokens, offsets, keys, counts, starts[1:])
    return keys[: starts[-1]].copy(), counts[: starts[-1]].copy(), starts


def build_frequencies(captions: Captions) -> DocumentFrequencies:
    """Document frequencies of the captions of a split, counted IMAGES images at a time."""
    ngrams, counts = np.empty(0, np.uint64), np.empty(0, np.int64)
    ends = np.arange(0, len(captions.imgid) + IMAGES, IMAGES)
    for begin, end in itertools.pairwise(np.searchsorted(captions.caption_image, ends)):
        found = _of_block(captions, begin, end)
        ngrams, counts = _added(
            np.concatenate([ngrams, found]), np.concatenate([counts, np.ones(len(found), np.int64)])
        )
    return DocumentFrequencies(ngrams, counts, len(captions.imgid))


def _of_block(captions: Captions, begin: int, end: int) -> np.ndarray:
    """The n-grams of the captions `begin` to `end`, each as often as images hold it: uint64 (K,)."""
    offsets = captions.offsets[begin : end + 1]
    keys, _, starts = ngrams_of(captions.tokens[offsets[0] : offsets[-1]], offsets - offsets[0])
    images = np.repeat(captions.caption_image[begin:end], np.diff(starts))
    order = np.lexsort((images, keys))
    keys, images = keys[order], images[order]
    first = np.ones(len(keys), bool)
    first[1:] = (keys[1:] != keys[:-1]) | (images[1:] != images[:-1])
    return keys[first]


def _added(ngrams: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Different n-grams, sorted, each with the sum of its counts."""
    order = np.argsort(ngrams, kind="stable")
    ngrams = ngrams[order]
    first = np.flatnonzero(np.concatenate([[True], ngrams[1:] != ngrams[:-1]])[: len(ngrams)])
    return ngrams[first], np.add.reduceat(counts[order], first)


def write_frequencies(path: str | Path, frequencies: DocumentFrequencies, vocabulary: str) -> None:
    """Write the file, bound to the hash of the vocabulary."""
    metadata = {"vocabulary": vocabulary, "documents": frequencies.documents}
    with create_hdf5(path, metadata) as file:
        file.create_dataset("ngrams", data=frequencies.ngrams)
        file.create_dataset("counts", data=frequencies.counts)


def read_frequencies(path: str | Path, vocabulary: str) -> DocumentFrequencies:
    """Read the file.

    Args:
        path: what `write_frequencies` wrote.
        vocabulary: hash of the words that the reader uses.

    Raises:
        GxnError: the file is missing or damaged, or was made with other words.
    """
    with open_hdf5(path) as file:
        metadata = hdf5_metadata(file)
        ngrams, counts = (hdf5_dataset(file, name, "iu", 1)[:] for name in ("ngrams", "counts"))
    if metadata.get("vocabulary") != vocabulary:
        raise GxnError(f"{path}: was made with another vocabulary; run the step document_frequencies again")
    documents = metadata.get("documents")
    if (
        type(documents) is not int
        or ngrams.dtype != np.uint64
        or counts.shape != ngrams.shape
        or (ngrams[1:] <= ngrams[:-1]).any()
        or (len(counts) and not 0 < counts.min() <= counts.max() <= documents)
    ):
        raise GxnError(f"{path}: contains no document frequencies; run the step document_frequencies again")
    return DocumentFrequencies(ngrams, counts.astype(np.int64), documents)
