"""A GRU over sentences of unequal length; on a CPU its steps are those of `gxn.kernels.gru`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from gxn.kernels.gru import GRUSteps

# (states (S, D), row (S,), step (S,), lengths (B,)) -> (B, D): gxn.models.poolings
Pool = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class PackedLayout:
    """Says where the S steps of all sentences are, step after step, the longest sentences first; on the CPU.

    Attributes:
        batch_sizes: how many sentences have a first step, a second, ...; their sum is S.
        row, step: int64 (S,), the sentence and the place in it.
        reversed: int64 (S,), the step that is as far from its sentence's end.
    """

    batch_sizes: list[int]
    row: Tensor
    step: Tensor
    reversed: Tensor


def pack(lengths: Tensor) -> PackedLayout:
    """Pack sentences of lengths int64 (B,), at least 1."""
    order = torch.argsort(lengths, descending=True, stable=True)
    ordered = lengths[order]
    runs = torch.arange(int(ordered[0])).unsqueeze(1) < ordered  # (longest, B)
    step, place = runs.nonzero(as_tuple=True)
    sizes = runs.sum(1)
    starts = sizes.cumsum(0) - sizes
    return PackedLayout(sizes.tolist(), order[place], step, starts[ordered[place] - 1 - step] + place)


@dataclass(frozen=True)
class Sentences:
    """Sentences that one or more GRUs read through one word embedding; what they share is computed once.

    Attributes:
        embedding: gives the vectors (..., E) of word ids.
        words: int64 (B, T); what lies past a length is ignored.
        lengths: int64 (B,), 1 to T, on the CPU.
    """

    embedding: Callable[[Tensor], Tensor]
    words: Tensor
    lengths: Tensor

    @cached_property
    def layout(self) -> PackedLayout:
        """The packed steps."""
        return pack(self.lengths)

    @cached_property
    def places(self) -> tuple[Tensor, Tensor]:
        """Row and step of the layout, on the device of the words."""
        device = self.words.device
        return tuple(each.to(device, non_blocking=True) for each in (self.layout.row, self.layout.step))

    @cached_property
    def token_index(self) -> tuple[Tensor, Tensor]:
        """Different words int64 (U,), and int64 (S,) which of them each step reads."""
        return self.words[self.places].unique(return_inverse=True)

    @cached_property
    def embedded(self) -> Tensor:
        """Embeddings (U, E) of the different words."""
        return self.embedding(self.token_index[0])


def pool_words(sentences: Sentences, pool: Pool) -> Tensor:
    """Pool each sentence's word embeddings, without a GRU: (B, E)."""
    return pool(sentences.embedded[sentences.token_index[1]], *sentences.places, sentences.lengths)


class GRU(nn.GRU):
    """One GRU layer that reads sentences, parameters named and laid out as in `torch.nn.GRU`."""

    def __init__(self, input_size: int, hidden_size: int, bidirectional: bool = False) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, bidirectional=bidirectional)

    def forward(self, sentences: Sentences, pool: Pool) -> Tensor:
        """Pool each sentence's states: (B, H * directions).

        The backward direction counts its steps from the sentence's end: its last state is that after the first
        word.
        """
        states = self._on_card(sentences) if sentences.words.is_cuda else None
        parts = []
        for reverse in range(2 if self.bidirectional else 1):
            own = self.steps(sentences, None, reverse) if states is None else states[reverse]
            parts.append(pool(own, *sentences.places, sentences.lengths))
        return torch.cat(parts, 1)

    def steps(self, sentences: Sentences, h0: Tensor | None, reverse: int = 0) -> Tensor:
        """States (S, H) on a CPU after each step of the layout; the first state is `h0` (B, H), or else zero."""
        layout, suffix = sentences.layout, "_reverse" if reverse else ""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        parameters = (getattr(self, f"{name}_l0{suffix}") for name in names)
        if h0 is not None:
            h0 = h0[layout.row[: layout.batch_sizes[0]]]
        index = sentences.token_index[1]
        index = index[layout.reversed] if reverse else index
        return GRUSteps.apply(sentences.embedded, *parameters, h0, index, layout.batch_sizes)

    def one_step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """The state (B, H) after one more input (B, E)."""
        parameters = (self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0)
        return self._single(lambda *given: torch.gru_cell(*given, *parameters), inputs, state)

    def all_steps(self, embedded: Tensor, h0: Tensor) -> Tensor:
        """States (B, T, H), one direction, of inputs (B, T, E) of one length after the states `h0` (B, H)."""
        return self._single(super().forward, embedded, h0.unsqueeze(0))[0]

    def _on_card(self, sentences: Sentences) -> tuple[Tensor, ...]:
        """States (S, H) of each direction on a card, in the order of the layout."""
        embedded, lengths, layout = sentences.embedding(sentences.words), sentences.lengths, sentences.layout
        falling = bool((lengths[1:] <= lengths[:-1]).all())  # no order to be put on the card, and taken back
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=falling)
        padded = pad_packed_sequence(self._single(super().forward, packed)[0], batch_first=True)[0]
        row, step = sentences.places
        backwards = (lengths[layout.row] - 1 - layout.step).to(padded.device, non_blocking=True)
        halves = padded.chunk(2 if self.bidirectional else 1, 2)
        return tuple(half[row, place] for half, place in zip(halves, (step, backwards), strict=False))

    def _single(self, compute: Callable, *inputs: Tensor | PackedSequence) -> Any:
        """Compute in float32, as on a CPU: in the float16 of autocast and cuDNN, the smallest gradients are 0."""
        with torch.autocast(self.weight_hh_l0.device.type, enabled=False):
            return compute(*(each.float() for each in inputs))
