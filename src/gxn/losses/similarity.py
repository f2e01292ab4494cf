"""How alike images and captions are: inner products, or how little a caption violates an order (equation 3)."""

from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from gxn.compiled import slices, spread
from gxn.losses import kernels_cpu
from gxn.similarities import get_similarity

GRADIENT_COLUMNS = 256  # the rows of a tile and their gradients then stay in the first cache

ENOUGH = 1 << 27  # pairs times dimensions, about five milliseconds
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

    Half precision is computed in float32: near 1 it knows no scores that differ by less than 0.004.
    """
    rows, columns = stacked(images, weights), stacked(texts, weights)
    with torch.autocast(rows.device.type, enabled=False):
        return _single(rows) @ _single(columns).T


def order(images: list[Tensor], texts: list[Tensor], weights: list[float]) -> Tensor:
    """-sum_k weight_k ||max(0, t_k - v_k)||^2, (N, M): a caption lies below its image (Vendrov et al. 2016).

    The subgradient where t = v is zero. Half precision is computed in float32; double precision, there for
    gradient checks, by the plain formula.
    """
    return _order(stacked(images, weights), stacked(texts, weights))


def order_root(images: list[Tensor], texts: list[Tensor], weights: list[float]) -> Tensor:
    """-sum_k weight_k ||max(0, t_k - v_k)||, (N, M): the violation's norm, not its square (VSE++'s code)."""
    found = [
        weight * (LEAST - _order(image, text)).sqrt()
        for image, text, weight in zip(images, texts, weights, strict=True)
    ]
    return -sum(found)


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


def plain_order(images: Tensor, texts: Tensor) -> Tensor:
    """The formula as it is written, with its (N, M, D) intermediate."""
    return -(texts.unsqueeze(0) - images.unsqueeze(1)).clamp(min=0).square().sum(2)


def _order(images: Tensor, texts: Tensor) -> Tensor:
    if images.dtype == torch.float64:
        return plain_order(images, texts)
    if images.is_cuda:
        found = kernels()
        return (found.order if found else plain_order)(images.float(), texts.float())
    return _Order.apply(images.float(), texts.float())


@lru_cache
def kernels() -> ModuleType | None:
    """`gxn.losses.kernels_cuda`, once they have run on the card; None, said so, where they do not.

    Triton is no part of torch everywhere, needs a C compiler and knows not every card; torch.compile uses it, too.
    """
    try:
        from gxn.losses import kernels_cuda

        one = torch.ones(1, 1, device="cuda")
        kernels_cuda.scores(True, one, one)
    except Exception as error:  # each of these has its own kind
        print(
            f"similarities go without Triton's kernels, slowly: {type(error).__name__}: {error}", flush=True
        )
        return None
    return kernels_cuda


def _padded(rows: Tensor) -> np.ndarray:
    """A contiguous array of whole tiles: zeros do not change a violation, and extra rows are cut off.

    Its lanes are odd in number: rows that lie a multiple of 4,096 bytes apart would share one set of the cache.
    """
    shape = kernels_cpu.padded(*rows.shape)
    even = shape[1] // kernels_cpu.LANES % 2 == 0
    down, across = shape[0] - rows.shape[0], shape[1] - rows.shape[1] + even * kernels_cpu.LANES
    return F.pad(rows.detach(), (0, across, 0, down)).contiguous().numpy()


def _threads(rows: np.ndarray, columns: np.ndarray) -> int:
    """As many as torch uses, but one where the work is done before a second could be woken."""
    return torch.get_num_threads() if len(rows) * columns.size >= ENOUGH else 1


class _Order(torch.autograd.Function):
    """`plain_order` without an (N, M, D) intermediate; every sum's order is fixed, whatever the threads."""

    @staticmethod
    def forward(ctx, images: Tensor, texts: Tensor) -> Tensor:
        ctx.save_for_backward(images, texts)
        rows, columns = _padded(images), _padded(texts)
        scores = np.empty((len(rows), len(columns)), np.float32)
        packed_texts = kernels_cpu.packed(columns, kernels_cpu.TEXTS)

        def fill(piece: tuple[int, int]) -> None:
            packed_images = kernels_cpu.packed(rows[slice(*piece)], kernels_cpu.IMAGES)
            kernels_cpu.score_tiles(True, packed_images, packed_texts, scores[slice(*piece)])

        threads = _threads(rows, columns)
        step = -(-len(rows) // (threads * kernels_cpu.IMAGES)) * kernels_cpu.IMAGES
        spread(fill, slices(len(rows), step), threads)
        return torch.from_numpy(scores)[: len(images), : len(texts)]

    @staticmethod
    @once_differentiable
    def backward(ctx, slopes: Tensor) -> tuple[Tensor, Tensor]:
        images, texts = ctx.saved_tensors
        rows, columns = _padded(images), _padded(texts)
        down, across = len(rows) - len(images), len(columns) - len(texts)
        padded_slopes = F.pad(2 * slopes, (0, across, 0, down)).contiguous().numpy()
        image_gradient, text_gradient = np.zeros_like(rows), np.zeros_like(columns)

        def differentiate(piece: tuple[int, int]) -> None:
            kernels_cpu.gradients(rows, columns, padded_slopes, *piece, image_gradient, text_gradient)

        spread(differentiate, slices(rows.shape[1], GRADIENT_COLUMNS), _threads(rows, columns))
        return tuple(
            torch.from_numpy(gradient)[: len(given), : given.shape[1]]
            for gradient, given in ((image_gradient, images), (text_gradient, texts))
        )
