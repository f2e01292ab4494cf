"""CIDEr-D (Vedantam et al. 2015) as a reward: references are weighed once, hypotheses scored as integers."""

import numpy as np

from gxn.datasets.words import BITS
from gxn.kernels.ngrams import LONGEST, check_hypotheses, index, score, square_norms
from gxn.rewards.frequencies import DocumentFrequencies, ngrams_of


class CiderD:
    """CIDEr-D against the references of a split.

    The mean over n = 1..4 and over an image's references of 10 exp(-(l - l')^2 / 2 sigma^2) times the cosine
    of TF-IDF vectors, hypothesis counts clipped at the reference's; an n-gram's IDF is
    log(documents / max(1, documents that hold it)), and EOS is a word like others.

    Args:
        tokens: (T,) int32, references one after another, without EOS.
        offsets: (C + 1,) int64, reference c is tokens[offsets[c]:offsets[c + 1]].
        caption_image: (C,) int64, the image of each reference; those of an image stand together, in order.
        frequencies: document frequencies over the same words.
    """

    def __init__(
        self,
        tokens: np.ndarray,
        offsets: np.ndarray,
        caption_image: np.ndarray,
        frequencies: DocumentFrequencies,
    ) -> None:
        found, counts, starts = ngrams_of(tokens, offsets)
        self._keys = np.union1d(frequencies.ngrams, found)
        documents = np.ones(len(self._keys))
        documents[np.searchsorted(self._keys, frequencies.ngrams)] = frequencies.counts
        self._unseen = float(np.log(float(frequencies.documents)))
        self._idf = self._unseen - np.log(documents)
        bounds = np.uint64(1) << (BITS * np.arange(1, LONGEST, dtype=np.uint64))
        self._orders = np.searchsorted(bounds, self._keys, "right")  # n - 1 of each n-gram
        self._table = np.full(1 << int(2 * len(self._keys)).bit_length(), -1, np.int32)
        index(self._keys, self._table)
        ids = np.searchsorted(self._keys, found).astype(np.int32)
        norms = np.zeros((len(starts) - 1, LONGEST))
        square_norms(ids, counts, starts, self._idf, self._orders, norms)
        self._references = ids, counts, starts, np.sqrt(norms), np.diff(offsets)
        self._captions = np.searchsorted(caption_image, np.arange(caption_image[-1] + 2))

    def score(self, image_index: np.ndarray, hypotheses: np.ndarray) -> np.ndarray:
        """CIDEr-D of each hypothesis, (B,) float64, 0 to 10.

        Args:
            image_index: (B,) integers, whose references to compare with.
            hypotheses: (B, T) integers; a row ends with its first EOS, or before its first PAD.
        """
        images, rows = check_hypotheses(image_index, hypotheses, len(self._captions) - 1)
        scores = np.empty(len(rows))
        score(
            images,
            rows,
            self._captions,
            self._references,
            self._table,
            self._keys,
            self._idf,
            self._orders,
            self._unseen,
            scores,
        )
        return scores
