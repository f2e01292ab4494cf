"""Pseudo-labels where a dataset has none: k-means clusters of the images' captions.

On Flickr8k with 32 clusters, labels from two captions of an image agree with those from its other three in 62 %
(4 % by chance): usable, noisy, and never to be measured against.
"""

from dataclasses import dataclass

import numpy as np

from gxn.datasets.labels import Labels
from gxn.datasets.tfidf import TfIdf, fit_tfidf
from gxn.errors import GxnError

COMMON = 0.1  # share of the captions above which a word says too little
DIRECTIONS = 100  # singular vectors of the TF-IDF matrix that are kept
RESTARTS = 10
ITERATIONS = 100


@dataclass(frozen=True)
class Clusters:
    """The labelling of images by their captions.

    Attributes:
        tfidf: of all captions of an image as one text.
        directions: float64 (q, d), right singular vectors of the training matrix.
        centres: float64 (k, d).
    """

    tfidf: TfIdf
    directions: np.ndarray
    centres: np.ndarray

    def labels(self, tokens: np.ndarray, offsets: np.ndarray, caption_image: np.ndarray) -> Labels:
        """One label for each image: the cluster whose centre is nearest.

        Args:
            tokens: integers (T,), `offsets`: int64 (C + 1,), as `gxn.datasets.tokens.Captions` has them.
            caption_image: int64 (C,), in order, the image of each caption.
        """
        rows = _rows(self.tfidf, self.directions, tokens, offsets, caption_image)
        nearest = _distances(rows, self.centres).argmin(1)
        names = tuple(f"cluster {number}" for number in range(len(self.centres)))
        return Labels(np.eye(len(self.centres), dtype=np.uint8)[nearest], names, "clusters")


def fit_clusters(
    tokens: np.ndarray,
    offsets: np.ndarray,
    caption_image: np.ndarray,
    first_word: int,
    count: int,
    max_words: int,
) -> Clusters:
    """Clusters of the training images by their captions' words.

    Args:
        tokens, offsets, caption_image: of the training captions, as in `Clusters.labels`.
        first_word: ids below it are not words.
        count: number of clusters.
        max_words: the most words looked at, the most frequent.

    Raises:
        GxnError: there are fewer images than clusters, or no word is rare enough.
    """
    documents = _documents(offsets, caption_image)
    if len(documents) - 1 < count:
        raise GxnError(
            f"labels.clusters: {len(documents) - 1} training images are too few for {count} clusters; lower it"
        )
    caption = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    width = int(tokens.max()) + 1
    columns = np.unique(caption * width + tokens) % width
    common = np.bincount(columns, minlength=width) > COMMON * (len(offsets) - 1)
    kept = fit_tfidf(tokens, documents, first_word, max_words)
    kept = TfIdf(kept.word[~common[kept.word]], kept.idf[~common[kept.word]])
    if not len(kept.word):
        raise GxnError(
            f"labels: every word occurs in more than {100 * COMMON:g} % of the captions, so that nothing tells "
            "clusters apart; leave out the rows of kind adversarial"
        )
    moment = kept.bags(tokens, documents).second_moment()
    directions = np.linalg.eigh(moment)[1][:, ::-1][:, :DIRECTIONS]
    rows = _rows(kept, directions, tokens, offsets, caption_image)
    return Clusters(kept, directions, kmeans(rows, count, np.random.default_rng(0)))


def kmeans(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Centres (count, d) of the best of RESTARTS runs of Lloyd's algorithm, started by k-means++.

    Args:
        rows: float64 (n, d), n at least `count`.
    """
    best, least = rows[:count], np.inf
    for _ in range(RESTARTS):
        centres = _spread_out(rows, count, rng)
        nearest = None
        for _ in range(ITERATIONS):
            distances = _distances(rows, centres)
            before, nearest = nearest, distances.argmin(1)
            if before is not None and np.array_equal(before, nearest):
                break
            sizes = np.bincount(nearest, minlength=count)
            sums = np.zeros_like(centres)
            np.add.at(sums, nearest, rows)
            centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
        spread = _distances(rows, centres).min(1).sum()
        if spread < least:
            best, least = centres, spread
    return best


def _spread_out(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """First centres: each a row drawn with a probability that grows with its distance from those before."""
    centres = rows[rng.integers(len(rows))][None]
    while len(centres) < count:
        distances = _distances(rows, centres).min(1)
        total = distances.cumsum()
        drawn = np.searchsorted(total, rng.random() * total[-1], side="right")
        centres = np.concatenate([centres, rows[min(drawn, len(rows) - 1)][None]])
    return centres


def _distances(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances (n, k), none below 0."""
    squares = np.square(rows).sum(1)[:, None] + np.square(centres).sum(1)
    return np.maximum(squares - 2 * rows @ centres.T, 0)


def _documents(offsets: np.ndarray, caption_image: np.ndarray) -> np.ndarray:
    """Offsets (N + 1,) of the texts that all captions of each image make together."""
    firsts = np.searchsorted(caption_image, np.arange(caption_image[-1] + 2))
    return offsets[firsts]


def _rows(
    tfidf: TfIdf, directions: np.ndarray, tokens: np.ndarray, offsets: np.ndarray, caption_image: np.ndarray
) -> np.ndarray:
    """Images (N, d) along the directions, of length 1; zeros where no word is known."""
    rows = tfidf.bags(tokens, _documents(offsets, caption_image)).times(directions)
    length = np.sqrt(np.square(rows).sum(1, keepdims=True))
    return rows / np.where(length > 0, length, 1)
