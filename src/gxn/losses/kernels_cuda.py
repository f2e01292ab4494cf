"""The order similarity on a CUDA card, as Triton kernels without an (N, M, D) intermediate.

Each program sums its own elements from first to last: no atomics, so that a result has the same bytes every
time. All loads are of transposed matrices, whose neighbours in memory go to neighbouring threads.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCK = 64


@triton.jit
def score_kernel(images, texts, scores, rows, columns, width, BLOCK: tl.constexpr):
    """scores (rows, columns) of images (width, rows) and texts (width, columns)."""
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    total = tl.zeros((BLOCK, BLOCK), tl.float32)
    for at in range(width):
        image = tl.load(images + at * rows + row, row < rows, 0.0)
        text = tl.load(texts + at * columns + column, column < columns, 0.0)
        excess = tl.maximum(text[None, :] - image[:, None], 0.0, propagate_nan=tl.PropagateNan.ALL)
        total += excess * excess
    place = row.to(tl.int64)[:, None] * columns + column[None, :]
    tl.store(scores + place, -total, (row < rows)[:, None] & (column < columns)[None, :])


@triton.jit
def gradient_kernel(own, other, slopes, gradient, rows, others, width, sign, BLOCK: tl.constexpr):
    """gradient (rows, width) = 2 sign sum_j slopes[j, i] max(0, sign (other_j - own_i)).

    own (rows, width), other (others, width), slopes (others, rows); sign is 1 for images and -1 for texts.
    """
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    place = row.to(tl.int64)[:, None] * width + column[None, :]
    inside = (row < rows)[:, None] & (column < width)[None, :]
    mine = tl.load(own + place, inside, 0.0)
    total = tl.zeros((BLOCK, BLOCK), tl.float32)
    for at in range(others):
        theirs = tl.load(other + at * width + column, column < width, 0.0)
        slope = tl.load(slopes + at * rows + row, row < rows, 0.0)
        total += slope[:, None] * tl.maximum(sign * (theirs[None, :] - mine), 0.0)
    tl.store(gradient + place, 2 * sign * total, inside)


def _gradient(own: Tensor, other: Tensor, slopes: Tensor, sign: float) -> Tensor:
    gradient = torch.empty_like(own)
    grid = triton.cdiv(own.shape[0], BLOCK), triton.cdiv(own.shape[1], BLOCK)
    gradient_kernel[grid](own, other, slopes, gradient, len(own), len(other), own.shape[1], sign, BLOCK)
    return gradient


class _Order(torch.autograd.Function):
    @staticmethod
    def forward(ctx, images: Tensor, texts: Tensor) -> Tensor:
        images, texts = images.contiguous(), texts.contiguous()
        ctx.save_for_backward(images, texts)
        scores = images.new_empty(len(images), len(texts))
        grid = triton.cdiv(len(images), BLOCK), triton.cdiv(len(texts), BLOCK)
        transposed = images.T.contiguous(), texts.T.contiguous()
        with torch.cuda.device_of(images):
            score_kernel[grid](*transposed, scores, *scores.shape, images.shape[1], BLOCK)
        return scores

    @staticmethod
    @once_differentiable
    def backward(ctx, slopes: Tensor) -> tuple[Tensor, Tensor]:
        images, texts = ctx.saved_tensors
        with torch.cuda.device_of(images):
            return (
                _gradient(images, texts, slopes.T.contiguous(), 1.0),
                _gradient(texts, images, slopes.contiguous(), -1.0),
            )


def order(images: Tensor, texts: Tensor) -> Tensor:
    """-||max(0, text - image)||^2, (N, M), of float32 (N, D) and (M, D); see `gxn.losses.similarity`."""
    return _Order.apply(images, texts)
