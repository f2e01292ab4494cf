"""Plain formulas that several tests hold the code against."""

import numpy as np
from torch import Tensor


def order_scores(
    images: list[Tensor], texts: list[Tensor], weights: tuple[float, ...] = (0.5, 0.5)
) -> Tensor:
    """Scores (N, C) of images (N, J) and captions (C, J) of each space: minus the violation of the order."""
    return sum(
        -weight * (text[None] - image[:, None]).clamp(min=0).square().sum(2)
        for weight, image, text in zip(weights, images, texts, strict=True)
    )


def recalls(scores: np.ndarray, caption_to_image: np.ndarray) -> dict[str, dict[str, float]]:
    """Recall at 1, 5 and 10 in per cent, both ways, of scores (N, C): how many stand before the best true one."""
    i2t = [
        min((row > row[caption]).sum() for caption in np.flatnonzero(caption_to_image == image))
        for image, row in enumerate(scores)
    ]
    t2i = [(scores[:, c] > scores[image, c]).sum() for c, image in enumerate(caption_to_image)]
    return {
        way: {f"r{k}": 100 * float(np.mean(np.array(ranks) < k)) for k in (1, 5, 10)}
        for way, ranks in (("i2t", i2t), ("t2i", t2i))
    }
