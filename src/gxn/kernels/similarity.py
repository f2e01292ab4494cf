"""Order violations of all pairs in training, forward and backward, without an (N, M, D) intermediate."""

from functools import lru_cache
from types import ModuleType

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from gxn.kernels import pairs
from gxn.kernels.compiled import slices, spread

ENOUGH = 1 << 27  # pairs times dimensions, about five milliseconds: less is not worth a second thread


def plain_order(images: Tensor, texts: Tensor) -> Tensor:
    """-||max(0, text - image)||^2, (N, M), as it is written: the formula that every kernel here equals."""
    return -(texts.unsqueeze(0) - images.unsqueeze(1)).clamp(min=0).square().sum(2)


def order_scores(images: Tensor, texts: Tensor) -> Tensor:
    """`plain_order` of (N, D) and (M, D) by the fastest way there is on their device.

    Half precision is computed in float32; double precision, there for gradient checks, by the plain formula.
    """
    if images.dtype == torch.float64:
        return plain_order(images, texts)
    images, texts = images.float(), texts.float()
    if images.is_cuda:
        kernels = cuda_kernels()
        return (kernels.order if kernels else plain_order)(images, texts)
    return _OrderScores.apply(images, texts)


@lru_cache
def cuda_kernels() -> ModuleType | None:
    """`gxn.kernels.cuda`, tried once on the card; None, with a printed reason, where it does not run.

    Triton is not part of torch on every platform, needs a C compiler and does not support every card.
    """
    try:
        from gxn.kernels import cuda

        one = torch.ones(1, 1, device="cuda")
        cuda.scores(True, one, one)
    except Exception as error:  # each of these causes has its own type
        print(
            f"similarities are computed without Triton, slowly: {type(error).__name__}: {error}", flush=True
        )
        return None
    return cuda


def _threads(images: Tensor, texts: Tensor) -> int:
    """Torch's number of threads, or 1 if the work is too small to wake another thread for."""
    return torch.get_num_threads() if len(images) * texts.numel() >= ENOUGH else 1


class _OrderScores(torch.autograd.Function):
    """`plain_order` of float32 (N, D) and (M, D) on a CPU."""

    @staticmethod
    def forward(ctx, images: Tensor, texts: Tensor) -> Tensor:
        ctx.save_for_backward(images, texts)
        rows = F.pad(images.detach(), (0, -images.shape[1] % pairs.DEPTH)).contiguous().numpy()
        columns = F.pad(texts.detach(), (0, -texts.shape[1] % pairs.DEPTH)).T.contiguous().numpy()
        scores = np.empty((len(images), len(texts)), np.float32)

        def fill(piece: tuple[int, int]) -> None:
            pairs.violations(rows[slice(*piece)], columns, scores[slice(*piece)])

        threads = _threads(images, texts)
        spread(fill, slices(len(rows), -(-len(rows) // threads)), threads)
        return torch.from_numpy(scores)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output: Tensor) -> tuple[Tensor, Tensor]:
        """d(-e^2)/d image = 2 e with e = max(0, text - image); the gradient of the text is minus the same."""
        images, texts = ctx.saved_tensors
        threads = _threads(images, texts)
        return (
            _sum_excesses(images, texts, 2 * grad_output, threads),
            _sum_excesses(-texts, -images, -2 * grad_output.T, threads),
        )


def _sum_excesses(rows: Tensor, others: Tensor, grad_scores: Tensor, threads: int) -> Tensor:
    """sum_j grad_scores[i, j] max(0, others_j - rows_i), (N, D)."""
    out = torch.zeros(rows.shape)
    given = [each.detach().contiguous().numpy() for each in (rows, others, grad_scores)]

    def fill(piece: tuple[int, int]) -> None:
        pairs.add_excesses(*given, *piece, out.numpy())

    spread(fill, slices(len(rows), -(-len(rows) // threads)), threads)
    return out
