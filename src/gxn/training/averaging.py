"""The exponential moving average (EMA) of a network's weights, part of its training state."""

import copy

import torch
from torch import nn


class MovingAverage(nn.Module):
    """A copy of a network whose weights and buffers follow it by an exponential moving average.

    After the n-th update (counted from 0), average <- d average + (1 - d) weight, with d = min(decay, (1 + n) /
    (10 + n)), so that a short run does not keep its initial weights: after 100 updates at decay 0.999 they would
    still make up 0.9 of the average. Integer buffers are copied.

    Attributes:
        network: the averaged copy; nothing trains it.
        updates: int64 (), how many there were; part of the state, so that a resumed run goes on exactly.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the weights and buffers of `network`, a network of the same kind."""
        count = int(self.updates)
        decay = min(self.decay, (1 + count) / (10 + count))
        own, new = self.network.state_dict(), network.state_dict()
        floats = [name for name, value in own.items() if value.is_floating_point()]
        torch._foreach_lerp_([own[name] for name in floats], [new[name] for name in floats], 1 - decay)
        for name in own.keys() - set(floats):
            own[name].copy_(new[name])
        self.updates += 1
