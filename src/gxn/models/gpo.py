"""Generalized pooling operator (Chen et al., VSE-infinity, CVPR 2021)."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

BASE = 10_000.0  # of the positions' wavelengths, as in the Transformer


class GeneralizedPooling(nn.Module):
    """pooled_d = sum_k weight_k * (the k-th largest of the K values of dimension d).

    The weights depend on K alone: a bi-directional GRU reads sinusoidal codes of the positions 0 to K - 1, the
    mean of its two directions is mapped to one score per position, and a softmax over the K scores, divided by
    the temperature, gives the weights. Equal weights are mean pooling, (1, 0, ..., 0) is maximum pooling.
    """

    def __init__(self, position_dim: int, hidden: int, temperature: float) -> None:
        super().__init__()
        self.position_dim, self.temperature = position_dim, temperature
        self.rnn = nn.GRU(position_dim, hidden, batch_first=True, bidirectional=True)
        self.score = nn.Linear(hidden, 1, bias=False)

    def weights(self, lengths: Tensor) -> Tensor:
        """Weights (B, longest) of the positions, for lengths int64 (B,) on the CPU; 0 past each length."""
        distinct, which = lengths.unique(return_inverse=True)
        device, longest = self.score.weight.device, int(distinct[-1])
        codes = self._codes(longest).expand(len(distinct), -1, -1)
        with torch.autocast(device.type, enabled=False):
            packed = pack_padded_sequence(codes, distinct, batch_first=True, enforce_sorted=False)
            forward, backward = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)[0].chunk(2, 2)
            scores = self.score((forward + backward) / 2).squeeze(2) / self.temperature
        past = torch.arange(longest, device=device) >= distinct.to(device).unsqueeze(1)
        return scores.masked_fill(past, -torch.inf).softmax(1)[which.to(device)]

    def forward(self, states: Tensor, row: Tensor, step: Tensor, lengths: Tensor) -> Tensor:
        """Pooled states (B, D).

        Args:
            states: (S, D), one per step of each caption, in any order; S is the sum of the lengths.
            row, step: int64 (S,), the caption of each state and the number of its step from 0.
            lengths: int64 (B,) on the CPU, steps of each caption, at least 1.
        """
        weights = self.weights(lengths)
        # dimensions before steps: sorting along the last axis is quickest
        padded = states.new_full((len(lengths), states.shape[1], weights.shape[1]), -torch.inf)
        padded[row, :, step] = states
        ordered = padded.sort(2, descending=True).values
        past = torch.arange(weights.shape[1]) >= lengths.unsqueeze(1)
        ordered = ordered.masked_fill(past.to(ordered.device).unsqueeze(1), 0)
        return torch.bmm(ordered, weights.to(ordered.dtype).unsqueeze(2)).squeeze(2)

    def _codes(self, longest: int) -> Tensor:
        """Sinusoidal codes (longest, position_dim): sines of rising wavelength, and the cosines between them."""
        reference = self.score.weight
        position = torch.arange(longest, dtype=reference.dtype, device=reference.device).unsqueeze(1)
        exponent = torch.arange(0, self.position_dim, 2, dtype=reference.dtype, device=reference.device)
        angle = position / BASE ** (exponent / self.position_dim)
        return torch.stack([angle.sin(), angle.cos()], 2).flatten(1)
