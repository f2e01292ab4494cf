"""Similarities of images and captions: inner products, or minus the violation of an order (equation 3)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gxn.kernels.similarity import order_scores
from gxn.similarities import get_similarity

LEAST = 1e-12  # added under a root, whose slope at 0 would be infinite


def stacked(spaces: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The spaces (B, D_k) side by side, (B, sum D_k), each times the root of its weight.

    Cosines and squared violations are sums over dimensions of terms of second degree, so that the similarity
    of stacked embeddings is the weighted sum of those of the spaces: lambda stands inside, one pass does all.
    """
    if len(spaces) == 1 and weights[0] == 1:
        return spaces[0]
    return torch.cat([space * weight**0.5 for space, weight in zip(spaces, weights, strict=True)], 1)


def cosine(images: list[Tensor], texts: list[Tensor], weights: list[float]) -> Tensor:
    """Weighted inner products (N, M) of embeddings (N, D_k) and (M, D_k) that are of unit length.

    Half precision is computed in float32: near 1.0, bfloat16 cannot represent differences below 0.004.
    """
    rows, columns = stacked(images, weights), stacked(texts, weights)
    with torch.autocast(rows.device.type, enabled=False):
        return _single(rows) @ _single(columns).T


def order(images: list[Tensor], texts: list[Tensor], weights: list[float]) -> Tensor:
    """-sum_k weight_k ||max(0, t_k - v_k)||^2, (N, M): a caption lies below its image (Vendrov et al. 2016).

    The subgradient where t = v is zero.
    """
    return order_scores(stacked(images, weights), stacked(texts, weights))


def order_root(images: list[Tensor], texts: list[Tensor], weights: list[float]) -> Tensor:
    """-sum_k weight_k ||max(0, t_k - v_k)||, (N, M): the violation's norm, not its square (VSE++'s code)."""
    norms = [
        weight * (LEAST - order_scores(image, text)).sqrt()
        for image, text, weight in zip(images, texts, weights, strict=True)
    ]
    return -sum(norms)


def score(name: str, images: list[Tensor], texts: list[Tensor], weights: list[float]) -> Tensor:
    """Scores (N, M) of embeddings (N, D_k) and (M, D_k) by one of `gxn.similarities.SIMILARITIES`.

    Args:
        weights: of each space k.

    Raises:
        GxnError: there is no such similarity.
    """
    similarity = get_similarity(name)
    if not similarity.order:
        return cosine(images, texts, weights)
    if similarity.reverse:
        images, texts = ([-each for each in side] for side in (images, texts))
    return (order_root if similarity.root else order)(images, texts, weights)


def _single(embeddings: Tensor) -> Tensor:
    """Half precision as float32."""
    return embeddings if embeddings.dtype == torch.float64 else embeddings.float()
