"""The plain formulas that the package's kernels are measured beside."""

import numpy as np
from pycocoevalcap.cider.cider_scorer import CiderScorer

EOS = 2


class _Claimed(list):
    """A list that says it is as long as the training split: the scorer's IDF takes its length from there."""

    def __init__(self, items: list, length: int) -> None:
        super().__init__(items)
        self.length = length

    def __len__(self) -> int:
        return self.length


class PlainCiderD:
    """pycocoevalcap's CIDEr (its formula is CIDEr-D's), document frequencies fixed, references read each time."""

    def __init__(self, references: list[list[list[int]]]) -> None:
        self.references, self.documents = references, len(references)
        scorer = CiderScorer()
        for image in references:
            scorer += (None, [said(reference) for reference in image])
        scorer.compute_doc_freq()
        self.frequencies = scorer.document_frequency

    def score(self, images: np.ndarray, hypotheses: np.ndarray) -> np.ndarray:
        """Scores (B,) of id rows (B, T) that end with EOS."""
        scorer = CiderScorer()
        for image, row in zip(images, hypotheses.tolist(), strict=True):
            words = row[: row.index(EOS)] if EOS in row else row
            scorer += (said(words), [said(reference) for reference in self.references[image]])
        scorer.document_frequency = self.frequencies
        scorer.crefs = _Claimed(scorer.crefs, self.documents)
        return np.array(scorer.compute_cider())


def said(words: list[int]) -> str:
    """A caption as the scorer wants it."""
    return " ".join(map(str, [*words, EOS]))
