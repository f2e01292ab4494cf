"""Similarities on a CUDA card, as Triton kernels without an (N, M, D) intermediate: `plain_order` and products.

A thread holds the sums of many pairs in registers; the vectors that meet there are fetched ahead into shared
memory. Sums are taken in one order, whatever the tile and its company, and without atomics: the same pair has the
same bits every time.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

ROWS, COLUMNS, LANES = tl.constexpr(32), tl.constexpr(16), tl.constexpr(32)  # pairs of a tile, and dimensions
WARPS = 4  # of a tile
OWN, WIDE = tl.constexpr(8), tl.constexpr(128)  # rows and dimensions of a warp's tile of gradients
STAGES = tl.constexpr(3)  # steps whose vectors are in shared memory or on the way to it


@triton.jit(do_not_specialize=["rows", "columns"])
def score_kernel(images, texts, scores, rows, columns, width, ORDER: tl.constexpr):
    """Scores (rows, columns) of images (rows, width) and texts (columns, width); LANES divides the width."""
    tiles, lane = tl.cdiv(rows, ROWS), tl.arange(0, LANES)
    row = tl.program_id(0) % tiles * ROWS + tl.arange(0, ROWS)[:, None]
    column = tl.program_id(0) // tiles * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    image = images + tl.minimum(row, rows - 1).to(tl.int64)[:, :, None] * width + lane
    text = texts + tl.minimum(column, columns - 1).to(tl.int64)[:, :, None] * width + lane
    total = tl.zeros((ROWS, COLUMNS, LANES), tl.float32)
    for at in tl.range(0, width, LANES, num_stages=STAGES):
        t, v = tl.load(text + at), tl.load(image + at)
        if ORDER:
            excess = tl.maximum(t - v, 0.0, propagate_nan=tl.PropagateNan.ALL)
            total = tl.fma(excess, excess, total)
        else:
            total = tl.fma(t, v, total)
    score = tl.sum(total, 2)
    place = row.to(tl.int64) * columns + column
    tl.store(scores + place, -score if ORDER else score, (row < rows) & (column < columns))


@triton.jit(do_not_specialize=["rows", "others"])
def gradient_kernel(own, other, grad_scores, gradient, rows, others, width, SIGN: tl.constexpr):
    """Gradient (rows, width) = 2 SIGN sum_j grad_scores[j, i] max(0, SIGN (other_j - own_i)).

    own (rows, width), other (others, width), grad_scores (others, rows); SIGN is 1 for images and -1 for texts.
    """
    row = tl.program_id(0) * OWN + tl.arange(0, OWN)[:, None]
    column = tl.program_id(1) * WIDE + tl.arange(0, WIDE)[None, :]
    place, inside = row.to(tl.int64) * width + column, column < width
    mine = tl.load(own + place, inside & (row < rows), 0.0)
    total = tl.zeros((OWN, WIDE), tl.float32)
    other, grad_scores = other + column, grad_scores + row
    for _ in tl.range(0, others, num_stages=STAGES):
        theirs, grad_score = tl.load(other, inside, 0.0), tl.load(grad_scores, row < rows, 0.0)
        total += grad_score * tl.maximum(SIGN * (theirs - mine), 0.0, propagate_nan=tl.PropagateNan.ALL)
        other, grad_scores = other + width, grad_scores + rows
    tl.store(gradient + place, 2 * SIGN * total, inside & (row < rows))


def scores(order: bool, images: Tensor, texts: Tensor) -> Tensor:
    """Minus violations or else inner products, (N, M), of float32 (N, D) and (M, D) on one card.

    A pair's score has the same bits in whatever company it is computed.
    """
    across = -images.shape[1] % LANES.value  # even 0 makes aligned copies, for which one form is compiled
    images, texts = (F.pad(side, (0, across)).contiguous() for side in (images, texts))
    out = images.new_empty(len(images), len(texts))
    grid = (triton.cdiv(len(images), ROWS.value) * triton.cdiv(len(texts), COLUMNS.value),)
    with torch.cuda.device_of(images):
        score_kernel[grid](images, texts, out, *out.shape, images.shape[1], order, num_warps=WARPS)
    return out


def _gradient(own: Tensor, other: Tensor, grad_scores: Tensor, sign: float) -> Tensor:
    gradient = torch.empty_like(own)
    grid = triton.cdiv(own.shape[0], OWN.value), triton.cdiv(own.shape[1], WIDE.value)
    gradient_kernel[grid](
        own, other, grad_scores, gradient, len(own), len(other), own.shape[1], sign, num_warps=1
    )
    return gradient


class _Order(torch.autograd.Function):
    @staticmethod
    def forward(ctx, images: Tensor, texts: Tensor) -> Tensor:
        ctx.save_for_backward(images.contiguous(), texts.contiguous())
        return scores(True, images, texts)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output: Tensor) -> tuple[Tensor, Tensor]:
        images, texts = ctx.saved_tensors
        with torch.cuda.device_of(images):
            return (
                _gradient(images, texts, grad_output.T.contiguous(), 1.0),
                _gradient(texts, images, grad_output.contiguous(), -1.0),
            )


def order(images: Tensor, texts: Tensor) -> Tensor:
    """-||max(0, text - image)||^2, (N, M), of float32 (N, D) and (M, D); see `gxn.kernels.similarity`."""
    return _Order.apply(images, texts)
