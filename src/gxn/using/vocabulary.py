"""Sentences of users as a row reads them: in the tokens and the words that it was trained with."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gxn.datasets.sentences import readable
from gxn.datasets.tokenisers import tokeniser
from gxn.datasets.words import PAD, SPECIAL, UNK
from gxn.errors import GxnError
from gxn.files import digest


@dataclass(frozen=True)
class Vocabulary:
    """The words that a row knows.

    Attributes:
        words: by id, the special ones first.
        tokeniser: `words` or `characters`.
        max_length: tokens of a sentence that are read.
    """

    words: tuple[str, ...]
    tokeniser: str
    max_length: int

    @cached_property
    def hash(self) -> str:
        """Hash of the words, as checkpoints record it."""
        return digest(list(self.words))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: at for at, word in enumerate(self.words) if at >= len(SPECIAL)}

    def unknown(self, sentence: str) -> list[str]:
        """Tokens of a sentence that are not in the vocabulary, each once, in their order."""
        found = tokeniser(self.tokeniser)(sentence)
        return list(dict.fromkeys(token for token in found if token not in self._ids))

    def encode(self, sentences: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Word ids of sentences, int64 (N, T) padded with PAD, and their lengths, int64 (N,).

        Raises:
            GxnError: a sentence has no known word.
        """
        parted = [tokeniser(self.tokeniser)(sentence) for sentence in sentences]
        for sentence, tokens in zip(sentences, parted, strict=True):
            if self._ids.keys().isdisjoint(tokens[: self.max_length]):
                known = len(self.words) - len(SPECIAL)
                raise GxnError(
                    f"{sentence!r}: none of its words is among the {known} of the vocabulary; use other words"
                )
        return self.encode_tokens(parted)

    def encode_tokens(self, parted: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Encode sentences that are tokens already; none may be empty."""
        rows = [[self._ids.get(token, UNK) for token in tokens[: self.max_length]] for tokens in parted]
        lengths = np.array([len(row) for row in rows], np.int64)
        tokens = np.full((len(rows), lengths.max(initial=1)), PAD, np.int64)
        for at, row in enumerate(rows):
            tokens[at, : len(row)] = row
        return tokens, lengths

    def text(self, ids: Sequence[int]) -> str:
        """The sentence that word ids spell; special ids are left out."""
        return readable([self.words[each] for each in ids if each >= len(SPECIAL)])
