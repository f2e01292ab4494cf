"""R-precision of drawings: does a retrieval model find the caption that a picture was drawn from?

The model that embeds both must be a held-out row, trained without the generator: a row that was trained with it
may like drawings that only it understands.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gxn.errors import GxnError

CANDIDATES = 100


@dataclass(frozen=True)
class RPrecision:
    """R-precision beside its chance level.

    Attributes:
        value: share of pictures whose own caption is found, 0 to 1, higher is better. A caption may be true of
            several scenes, so real pictures stay below 1: they are the human line.
        chance: 1 / candidates.
    """

    value: float
    chance: float


def inner_product(images: np.ndarray, captions: np.ndarray) -> np.ndarray:
    """Scores (N, M) of embeddings (N, D) and (M, D): cosines where the embeddings are of unit length."""
    return images @ captions.T


def r_precision(
    images: np.ndarray,
    captions: np.ndarray,
    similarity: Callable[[np.ndarray, np.ndarray], np.ndarray] = inner_product,
    candidates: int = CANDIDATES,
    seed: int = 0,
) -> RPrecision:
    """R-precision with R = 1 (Xu et al. 2018): the picture's own caption among `candidates`, the others at random.

        value = (1 / N) sum_i [s(v_i, t_i) > s(v_i, t_j) for all sampled j != i]

    A tie at the top of k captions counts 1 / k, so that embeddings that are all equal are at chance.

    Args:
        images: embeddings of the drawings, float (N, D).
        captions: embeddings of the caption of each, float (N, D), row by row.
        similarity: function of (N, D) and (M, D) to scores (N, M), higher is more alike.
        candidates: number of captions to choose from, the own included; N where that is smaller.
        seed: of the sampled captions, without replacement.

    Raises:
        GxnError: the two are not equally many, there are fewer than two, or a score is not finite.
    """
    count = len(images)
    if images.ndim != 2 or captions.ndim != 2 or count != len(captions) or count < 2:
        raise GxnError(
            f"R-precision: embeddings {images.shape} and {captions.shape}; give (N, D) twice, N of at least 2"
        )
    candidates = min(candidates, count)
    scores = np.asarray(similarity(images, captions))
    if not np.isfinite(scores).all():
        raise GxnError("R-precision: a score is not finite; make the embeddings again")
    rng = np.random.default_rng(seed)
    total = 0.0
    for row, own in enumerate(np.diag(scores)):
        others = rng.choice(count - 1, candidates - 1, replace=False)
        others += others >= row  # skips the picture's own caption
        rivals = scores[row, others]
        if not (rivals > own).any():
            total += 1 / (1 + (rivals == own).sum())
    return RPrecision(total / count, 1 / candidates)
