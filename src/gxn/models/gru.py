"""A GRU over captions of unequal length (Cho et al. 2014, in cuDNN's form)."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class GRU(nn.GRU):
    """One GRU layer, parameters named and laid out as in `torch.nn.GRU`, states zero past each end."""

    def __init__(self, input_size: int, hidden_size: int, bidirectional: bool = False) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, bidirectional=bidirectional)

    def forward(self, embedded: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """All states and the last ones.

        Args:
            embedded: (B, T, E) inputs; what lies past a length is ignored.
            lengths: (B,) int64, 1 to T.

        Returns:
            states (B, T, H * directions), zero past each length; last (B, H * directions), the state after
            each sequence's last step, and for the backward direction after its first.
        """
        packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, last = super().forward(packed)
        states = pad_packed_sequence(states, batch_first=True, total_length=embedded.shape[1])[0]
        return states, torch.cat(tuple(last), dim=1)
