"""Measures of drawings that need no facts: are they found by their captions, and are they different pictures?"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gxn.evaluation.r_precision import RPrecision, r_precision
from gxn.losses.similarity import score
from gxn.models.encoders import Encoders


@torch.no_grad()
def found_by_captions(
    drawn: np.ndarray, real: np.ndarray, captions: Sequence[Tensor], encoders: Encoders
) -> dict[str, float]:
    """R-precision of drawings and of the real pictures at the same size, and its chance level.

    Real pictures at so few pixels are what a drawing can be at best. Where they are not found either, the measure
    says nothing.

    Args:
        drawn: features float32 (N, F) of drawings.
        real: features float32 (N, F) of the pictures that the captions are of.
        captions: float (N, J) by space, embeddings of the caption of each by `encoders`.
        encoders: trained without the generator.

    Returns:
        `r_precision`, `r_precision_real` and `r_precision_chance`, shares from 0 to 1.
    """
    texts, width = _side_by_side(captions), captions[0].shape[1]

    def similarity(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
        sides = [list(torch.from_numpy(side).split(width, dim=1)) for side in (images, texts)]
        return score(encoders.settings.similarity, *sides, encoders.weights).numpy()

    def found(features: np.ndarray) -> RPrecision:
        embedded = encoders.images(torch.from_numpy(features).to(captions[0].device))
        return r_precision(_side_by_side(embedded), texts, similarity)

    drawings, pictures = found(drawn), found(real)
    return {
        "r_precision": float(drawings.value),
        "r_precision_real": float(pictures.value),
        "r_precision_chance": drawings.chance,
    }


def _side_by_side(spaces: Sequence[Tensor]) -> np.ndarray:
    return np.concatenate([each.numpy(force=True) for each in spaces], axis=1)


def spread(drawings: np.ndarray, real: np.ndarray) -> float:
    """The spread of drawings divided by that of real pictures: 0 where all drawings are equal.

    It is the ratio of the standard deviations of a pixel over the pictures, each a mean over pixels and channels.

    Args:
        drawings, real: uint8 (N, 3, S, S) and (M, 3, S, S).
    """
    drawn, true = (each.astype(np.float32).std(axis=0).mean() for each in (drawings, real))
    return float(drawn / true) if true else 0.0
