"""Captions as bags of words: TF-IDF weights of the words that each caption holds."""

from dataclasses import dataclass

import numpy as np

BLOCK = 1024  # captions worked on at a time


@dataclass(frozen=True)
class Bags:
    """TF-IDF rows of C captions, stored by their non-zero entries and padded to the fullest caption's L words.

    Attributes:
        columns: int64 (C, L), columns of the vocabulary; padding names column 0.
        weights: float64 (C, L), zero where padded. A row has length 1, or 0 where it holds no known word.
        width: number of columns q.
    """

    columns: np.ndarray
    weights: np.ndarray
    width: int

    def rows(self, begin: int, end: int) -> "Bags":
        """Only the captions `begin` to `end` (exclusive)."""
        return Bags(self.columns[begin:end], self.weights[begin:end], self.width)

    def dense(self) -> np.ndarray:
        """The whole matrix, float64 (C, q)."""
        matrix = np.zeros((len(self.columns), self.width))
        np.add.at(matrix, (np.arange(len(self.columns))[:, None], self.columns), self.weights)
        return matrix

    def second_moment(self) -> np.ndarray:
        """The sum over captions of y y', y a caption's row as a column: float64 (q, q)."""
        moment = np.zeros(self.width**2)
        for begin in range(0, len(self.columns), BLOCK):
            part = self.rows(begin, begin + BLOCK)
            both = part.columns[:, :, None] * self.width + part.columns[:, None, :]
            np.add.at(moment, both.ravel(), (part.weights[:, :, None] * part.weights[:, None, :]).ravel())
        return moment.reshape(self.width, self.width)

    def times(self, matrix: np.ndarray) -> np.ndarray:
        """The product of the rows and a matrix (q, d): float64 (C, d)."""
        out = np.empty((len(self.columns), matrix.shape[1]))
        for begin in range(0, len(out), BLOCK):
            part = self.rows(begin, begin + BLOCK)
            out[begin : begin + BLOCK] = np.einsum("cl,cld->cd", part.weights, matrix[part.columns])
        return out


@dataclass(frozen=True)
class TfIdf:
    """The words that become columns, with the weight of each, as learnt from training captions.

    Attributes:
        word: int64 (q,), the word id of each column.
        idf: float64 (q,), log((N + 1) / (df + 1)) + 1 for N training captions, df of which hold the word.
    """

    word: np.ndarray
    idf: np.ndarray

    def bags(self, tokens: np.ndarray, offsets: np.ndarray) -> Bags:
        """Rows (1 + log tf) * idf of captions, scaled to length 1.

        Args:
            tokens: integers (T,), the word ids of all captions; words without a column are ignored.
            offsets: int64 (C + 1,), caption c is `tokens[offsets[c]:offsets[c + 1]]`.
        """
        column_of = np.full(max(tokens.max(initial=0), self.word.max()) + 1, -1, np.int64)
        column_of[self.word] = np.arange(len(self.word))
        caption, column, count = _counts(column_of[tokens], offsets)
        held = np.bincount(caption, minlength=len(offsets) - 1)
        place = np.arange(len(caption)) - np.repeat(np.cumsum(held) - held, held)
        shape = (len(held), max(1, held.max(initial=0)))
        columns, weights = np.zeros(shape, np.int64), np.zeros(shape)
        columns[caption, place] = column
        weights[caption, place] = (1 + np.log(count)) * self.idf[column]
        length = np.sqrt(np.square(weights).sum(1, keepdims=True))
        return Bags(columns, weights / np.where(length > 0, length, 1), len(self.word))


def fit_tfidf(tokens: np.ndarray, offsets: np.ndarray, first_word: int, max_words: int) -> TfIdf:
    """Learn columns and document frequencies from training captions.

    Args:
        tokens: integers (T,), word ids of all training captions; ids below `first_word` (padding, unknown
            words) get no column.
        offsets: int64 (C + 1,), caption c is `tokens[offsets[c]:offsets[c + 1]]`.
        max_words: the most columns; of more words, those that occur most often stay (of equals, the lower id).
    """
    counts = np.bincount(tokens)
    words = np.flatnonzero(counts)
    words = words[words >= first_word]
    words = np.sort(words[np.argsort(-counts[words], kind="stable")][:max_words])
    _, holding, _ = _counts(tokens.astype(np.int64), offsets)
    frequency = np.bincount(holding, minlength=len(counts))[words]
    return TfIdf(words, np.log(len(offsets) / (frequency + 1)) + 1)


def _counts(columns: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Caption, column and count of each column in each caption, sorted; negative columns are left out."""
    caption = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[columns >= 0]
    columns = columns[columns >= 0]
    width = int(columns.max(initial=0)) + 1
    key, count = np.unique(caption * width + columns, return_counts=True)
    return key // width, key % width, count
