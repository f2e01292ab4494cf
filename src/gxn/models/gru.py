"""A GRU over sentences of unequal length; on a CPU its steps are those of `gxn.kernels.gru`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from gxn.kernels.gru import GRUSteps


@dataclass(frozen=True)
class PackedLayout:
    """Where the S steps of all sentences are, step after step, the longest sentences first.

    Attributes:
        batch_sizes: how many sentences have a first step, a second, ...; their sum is S.
        row, step: int64 (S,), the sentence and the place in it.
        last: int64 (B,), the index of each sentence's last step.
        tokens: int64 (U,), each different word.
        token_index: int64 (S,) each, which of `tokens` a step reads: forwards, and from the end backwards.
    """

    batch_sizes: list[int]
    row: Tensor
    step: Tensor
    last: Tensor
    tokens: Tensor
    token_index: tuple[Tensor, Tensor]


def pack(words: Tensor, lengths: Tensor) -> PackedLayout:
    """Pack sentences, int64 (B, T), of lengths int64 (B,) from 1 to T."""
    order = torch.argsort(lengths, descending=True, stable=True)
    ordered = lengths[order]
    runs = torch.arange(int(ordered[0])).unsqueeze(1) < ordered  # (longest, B)
    step, place = runs.nonzero(as_tuple=True)
    sizes = runs.sum(1)
    starts = sizes.cumsum(0) - sizes
    row = order[place]
    tokens, forwards = words[row, step].unique(return_inverse=True)
    backwards = forwards[starts[ordered[place] - 1 - step] + place]
    last = torch.empty_like(order)
    last[order] = starts[ordered - 1] + torch.arange(len(order))
    return PackedLayout(sizes.tolist(), row, step, last, tokens, (forwards, backwards))


@dataclass(frozen=True)
class Sentences:
    """Sentences that one or more GRUs read through one word embedding; what they share is computed once.

    Attributes:
        embedding: of the words.
        words: int64 (B, T); what lies past a length is ignored.
        lengths: int64 (B,), 1 to T, on the CPU.
    """

    embedding: nn.Embedding
    words: Tensor
    lengths: Tensor

    @cached_property
    def layout(self) -> PackedLayout:
        """The packed steps, on the CPU."""
        return pack(self.words, self.lengths)

    @cached_property
    def embedded(self) -> Tensor:
        """Embeddings (U, E) of the layout's tokens."""
        return self.embedding(self.layout.tokens)


class GRU(nn.GRU):
    """One GRU layer that reads sentences, parameters named and laid out as in `torch.nn.GRU`."""

    def __init__(self, input_size: int, hidden_size: int, bidirectional: bool = False) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, bidirectional=bidirectional)

    def forward(self, sentences: Sentences, mean: bool) -> Tensor:
        """The mean of each sentence's states, or else its last state: (B, H * directions).

        The backward direction's last state is that after the first word.
        """
        if sentences.words.is_cuda:
            return self._packed(sentences, mean)
        layout, parts = sentences.layout, []
        for reverse in range(2 if self.bidirectional else 1):
            states = self.steps(sentences, None, reverse)
            if mean:
                total = states.new_zeros(len(layout.last), self.hidden_size).index_add(0, layout.row, states)
                parts.append(total / sentences.lengths.to(states).unsqueeze(1))
            else:
                parts.append(states[layout.last])
        return torch.cat(parts, 1)

    def steps(self, sentences: Sentences, h0: Tensor | None, reverse: int = 0) -> Tensor:
        """States (S, H) on a CPU after each step of the layout; the first state is `h0` (B, H), or else zero."""
        layout, suffix = sentences.layout, "_reverse" if reverse else ""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        parameters = (getattr(self, f"{name}_l0{suffix}") for name in names)
        if h0 is not None:
            h0 = h0[layout.row[: layout.batch_sizes[0]]]
        return GRUSteps.apply(
            sentences.embedded, *parameters, h0, layout.token_index[reverse], layout.batch_sizes
        )

    def one_step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """The state (B, H) after one more input (B, E)."""
        parameters = (self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0)
        return self._single(lambda *given: torch.gru_cell(*given, *parameters), inputs, state)

    def all_steps(self, embedded: Tensor, h0: Tensor) -> Tensor:
        """States (B, T, H), one direction, of inputs (B, T, E) of one length after the states `h0` (B, H)."""
        return self._single(super().forward, embedded, h0.unsqueeze(0))[0]

    def _packed(self, sentences: Sentences, mean: bool) -> Tensor:
        embedded, lengths = sentences.embedding(sentences.words), sentences.lengths
        falling = bool((lengths[1:] <= lengths[:-1]).all())  # no order to be put on the card, and taken back
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=falling)
        states, last = self._single(super().forward, packed)
        if not mean:
            return torch.cat(tuple(last), dim=1)
        padded = pad_packed_sequence(states, batch_first=True)[0]  # zero past each length
        return padded.sum(1) / lengths.to(padded, non_blocking=True).unsqueeze(1)

    def _single(self, compute: Callable, *inputs: Tensor | PackedSequence) -> Any:
        """Compute in float32, as on a CPU: in the float16 of autocast and cuDNN, the smallest gradients are 0."""
        with torch.autocast(self.weight_hh_l0.device.type, enabled=False):
            return compute(*(each.float() for each in inputs))
