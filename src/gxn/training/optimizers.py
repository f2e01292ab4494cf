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
    """One step of the optimisers along the gradient of `loss`, each one's gradient norm clipped at `clip`.

    Only these optimisers' parameters are touched: gradients that fall on others are cleared when their own
    optimiser begins its step. What autocast kept of the parameters is forgotten, as they are others now.
    """
    optimizers = list(optimizers)
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    for optimizer in optimizers:
        _clip(optimizer, clip)
        optimizer.step()
    torch.clear_autocast_cache()


def _clip(optimizer: Optimizer, clip: float | None) -> None:
    """Clip the gradient norm of each group; that of a single one by fused Adam, which saves a pass over all."""
    optimizer.grad_scale = None
    if clip is None:
        return
    groups = [group["params"] for group in optimizer.param_groups]
    if len(groups) > 1:
        for parameters in groups:
            torch.nn.utils.clip_grad_norm_(parameters, clip, foreach=True)
        return
    gradients = [each.grad.flatten() for each in groups[0] if each.grad is not None]
    norm = torch.stack([each.dot(each) for each in gradients]).sum().sqrt()
    optimizer.grad_scale = ((norm + 1e-6) / clip).clamp(min=1)  # Adam divides by it
