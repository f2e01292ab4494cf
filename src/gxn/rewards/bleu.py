"""BLEU-4 of single sentences (Papineni et al. 2002, as pycocoevalcap smooths it) as a reward."""

import numpy as np

from gxn.kernels.ngrams import bleu, check_hypotheses
from gxn.rewards.frequencies import ngrams_of


class Bleu4:
    """BLEU-4 against the references of a split: pycocoevalcap's `BleuScorer`, "closest", for each sentence.

    With l words said and r in the reference closest in length (of two as close, the shorter),

        exp(min(0, 1 - 1 / q)) (p_1 p_2 p_3 p_4)^(1/4),  q = (l + 1e-15) / (r + 1e-9),
        p_n = (correct n-grams + 1e-15) / (max(0, l - n + 1) + 1e-9),

    where an n-gram is correct as often as it occurs in the reference that has it most often. EOS is the last
    word of references and hypotheses, lengths included, as in the self-critical code (Rennie et al. 2017).

    Args:
        tokens: (T,) int32, references one after another, without EOS.
        offsets: (C + 1,) int64, reference c is tokens[offsets[c]:offsets[c + 1]].
        caption_image: (C,) int64, the image of each reference; those of an image stand together, in order.
    """

    def __init__(self, tokens: np.ndarray, offsets: np.ndarray, caption_image: np.ndarray) -> None:
        self._references = *ngrams_of(tokens, offsets), np.diff(offsets) + 1
        self._captions = np.searchsorted(caption_image, np.arange(caption_image[-1] + 2))

    def score(self, image_index: np.ndarray, hypotheses: np.ndarray) -> np.ndarray:
        """BLEU-4 of each hypothesis, (B,) float64, 0 to 1.

        Args:
            image_index: (B,) integers, whose references to compare with.
            hypotheses: (B, T) integers; a row ends with its first EOS, or before its first PAD.
        """
        images, rows = check_hypotheses(image_index, hypotheses, len(self._captions) - 1)
        scores = np.empty(len(rows))
        bleu(images, rows, self._captions, self._references, scores)
        return scores
