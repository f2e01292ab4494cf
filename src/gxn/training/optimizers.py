"""Adam, and one update by it."""

from collections.abc import Iterable
from inspect import unwrap

import torch
from torch import Tensor, nn, optim
from torch.optim import Optimizer


class Adam(optim.Adam):
    """torch's, without the wrappers that import torch's compiler, two seconds, at their first call.

    It cannot be differentiated through.
    """

    step = torch.no_grad()(unwrap(optim.Adam.step))
    zero_grad = unwrap(optim.Adam.zero_grad)
    add_param_group = unwrap(optim.Adam.add_param_group)
    state_dict = unwrap(optim.Adam.state_dict)
    load_state_dict = unwrap(optim.Adam.load_state_dict)


def adam(parameters: Iterable[nn.Parameter], rate: float, betas: tuple[float, float] = (0.9, 0.999)) -> Adam:
    """Adam over the parameters, in one fused kernel."""
    return Adam(list(parameters), lr=rate, betas=betas, fused=True)


def set_rate(optimizer: Optimizer, rate: float, decay_epoch: int | None, epoch: int) -> None:
    """The rate of an epoch (0-based): from `decay_epoch` on, where there is one, a tenth."""
    decayed = decay_epoch is not None and epoch >= decay_epoch
    for group in optimizer.param_groups:
        group["lr"] = rate * (0.1 if decayed else 1.0)


def update(loss: Tensor, optimizers: Iterable[Optimizer], clip: float | None) -> None:
    """One step of the optimisers along the gradient of `loss`, the gradient norm of each group clipped at `clip`.

    Only these optimisers' parameters are touched: gradients that fall on others are cleared when their own
    optimiser begins its step. What autocast kept of the parameters is forgotten, as they are others now.
    """
    optimizers = list(optimizers)
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    for optimizer in optimizers:
        for group in optimizer.param_groups if clip is not None else ():
            torch.nn.utils.clip_grad_norm_(group["params"], clip, foreach=True)
        optimizer.step()
    torch.clear_autocast_cache()
