"""A GRU over sentences of unequal length (Cho et al. 2014, in cuDNN's form).

On a CPU, torch takes the gradient of the weights step by step, a product of small matrices each time. Here a
step does no more than depends on the step before; everything else is done for all steps at once, and what
depends on a word alone is done once for each word of the batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.amp import custom_bwd, custom_fwd
from torch.autograd.function import once_differentiable
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from gxn.compiled import spread
from gxn.models.cells import all_backwards, all_forwards, forwards
from gxn.models.products import ROWS, packed, padded, product, threads_for


@dataclass(frozen=True)
class Layout:
    """All S steps of all sentences, step after step, the longest sentences first.

    Attributes:
        sizes: how many sentences have a first step, a second, ...; their sum is S.
        row, step: int64 (S,), the sentence and the place in it.
        ends: int64 (B,), where each sentence's last step stands.
        words: int64 (U,), each word that is read once.
        kinds: int64 (S,) each, which of the words is read at a step: forwards, and from the end backwards.
    """

    sizes: list[int]
    row: Tensor
    step: Tensor
    ends: Tensor
    words: Tensor
    kinds: tuple[Tensor, Tensor]


def lay(words: Tensor, lengths: Tensor) -> Layout:
    """Lay out sentences, int64 (B, T), of lengths int64 (B,) from 1 to T."""
    order = torch.argsort(lengths, descending=True, stable=True)
    ordered = lengths[order]
    runs = torch.arange(int(ordered[0])).unsqueeze(1) < ordered  # (longest, B)
    step, place = runs.nonzero(as_tuple=True)
    sizes = runs.sum(1)
    begins = sizes.cumsum(0) - sizes
    row = order[place]
    used, kind = words[row, step].unique(return_inverse=True)
    backwards = kind[begins[ordered[place] - 1 - step] + place]
    ends = torch.empty_like(order)
    ends[order] = begins[ordered - 1] + torch.arange(len(order))
    return Layout(sizes.tolist(), row, step, ends, used, (kind, backwards))


@dataclass(frozen=True)
class Sentences:
    """Sentences that one or more GRUs read through one word embedding; what they share is found once.

    Attributes:
        embedding: of the words.
        words: int64 (B, T); what lies past a length is ignored.
        lengths: int64 (B,), 1 to T, on the CPU.
    """

    embedding: nn.Embedding
    words: Tensor
    lengths: Tensor

    @cached_property
    def layout(self) -> Layout:
        """On the CPU."""
        return lay(self.words, self.lengths)

    @cached_property
    def embedded(self) -> Tensor:
        """Embeddings (U, E) of the layout's words."""
        return self.embedding(self.layout.words)


class GRU(nn.GRU):
    """One GRU layer that reads sentences, parameters named and laid out as in `torch.nn.GRU`."""

    def __init__(self, input_size: int, hidden_size: int, bidirectional: bool = False) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, bidirectional=bidirectional)

    def forward(self, sentences: Sentences, mean: bool) -> Tensor:
        """Each sentence's mean state, or else its last: (B, H * directions).

        The backward direction's last state is that after the first word.
        """
        if sentences.words.is_cuda:
            return self._packed(sentences, mean)
        layout, parts = sentences.layout, []
        for reverse in range(2 if self.bidirectional else 1):
            states = self.steps(sentences, None, reverse)
            if mean:
                total = states.new_zeros(len(layout.ends), self.hidden_size).index_add(0, layout.row, states)
                parts.append(total / sentences.lengths.to(states).unsqueeze(1))
            else:
                parts.append(states[layout.ends])
        return torch.cat(parts, 1)

    def steps(self, sentences: Sentences, first: Tensor | None, reverse: int = 0) -> Tensor:
        """States (S, H) on a CPU after each step of the layout; `first` (B, H) stands before them, else zero."""
        layout, suffix = sentences.layout, "_reverse" if reverse else ""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        parameters = (getattr(self, f"{name}_l0{suffix}") for name in names)
        if first is not None:
            first = first[layout.row[: layout.sizes[0]]]
        return _Steps.apply(sentences.embedded, *parameters, first, layout.kinds[reverse], layout.sizes)

    @torch.no_grad()
    def stepper(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The function (inputs (B, E), state (B, H)) -> the state after one more input.

        For use as long as the parameters are the same, and where no gradient is taken.
        """
        parameters = (self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0)
        if self.weight_hh_l0.is_cuda:
            return partial(self._single, lambda inputs, state: torch.gru_cell(inputs, state, *parameters))
        weight_ih, weight_hh, bias_ih, bias_hh = (each.detach() for each in parameters)
        read, recall = packed(weight_ih.T), packed(weight_hh.T)

        def step(inputs: Tensor, state: Tensor) -> Tensor:
            inputs, state = inputs.detach().to(bias_ih), state.detach().to(bias_ih)
            after = torch.empty_like(state)
            each = product(bias_ih, inputs, read), product(bias_hh, state, recall), state, after
            forwards(*(part.numpy() for part in each))
            return after

        return step

    def all_steps(self, embedded: Tensor, first: Tensor) -> Tensor:
        """States (B, T, H), one direction, of inputs (B, T, E) of one length after the states `first` (B, H)."""
        return self._single(super().forward, embedded, first.unsqueeze(0))[0]

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
        """In float32, as ours: within autocast cuDNN takes float16, in which the smallest gradients are zero."""
        with torch.autocast(self.weight_hh_l0.device.type, enabled=False):
            return compute(*(each.float() for each in inputs))


class _Steps(torch.autograd.Function):
    """States (S, H) step after step, the longest sequences first, of inputs (U, E) chosen by `kind` (S,).

    `sizes` says how many sequences still run at each step; `gxn.models.cells` has the equations. Before the first
    step the state is `first` (B, H); None is zero, whose products are left out.
    """

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)  # results are written in place, in one type
    def forward(ctx, inputs, weight_ih, weight_hh, bias_ih, bias_hh, first, kind, sizes):
        hidden, steps = weight_hh.shape[1], len(kind)
        begun = first is not None
        first = first.contiguous() if begun else inputs.new_zeros(sizes[0], hidden)
        gates, new, states = (inputs.new_empty(steps, width) for width in (3 * hidden, hidden, hidden))
        read = torch.addmm(bias_ih, inputs, weight_ih.T), kind, first
        work = partial(
            all_forwards,
            *(each.numpy() for each in read),
            begun,
            packed(weight_hh.T),
            padded(bias_hh),
            np.array(sizes),
            *(each.numpy() for each in (gates, new, states)),
        )
        _by_sentences(work, weight_hh.numel() * steps)
        ctx.sizes = sizes
        ctx.begun = begun
        ctx.save_for_backward(inputs, weight_ih, weight_hh, first, kind, gates, new, states)
        return states

    @staticmethod
    @custom_bwd(device_type="cpu")
    @once_differentiable
    def backward(ctx, slopes):
        inputs, weight_ih, weight_hh, first, kind, gates, new, states = ctx.saved_tensors
        hidden, sizes = weight_hh.shape[1], ctx.sizes
        earlier = zip(states.split(sizes), sizes[1:], strict=False)
        before = torch.cat([first, *(state[:size] for state, size in earlier)])  # h of each step
        slopes = slopes.clone(memory_format=torch.contiguous_format)
        flows, of_new, of_first = torch.empty_like(gates), torch.empty_like(states), torch.zeros_like(first)
        given = (each.numpy() for each in (gates, new, before, slopes, flows, of_new, of_first))
        begun = ctx.needs_input_grad[5]
        work = partial(all_backwards, *given, begun, packed(weight_hh), np.array(sizes))
        _by_sentences(work, weight_hh.numel() * len(kind))
        known = 0 if ctx.begun else sizes[0]
        of_recall = flows[known:].T @ before[known:], flows.sum(0)
        flows[:, 2 * hidden :] = of_new  # x moves the gates as h does, but for r
        of_gates = flows.new_zeros(len(inputs), 3 * hidden).index_add_(0, kind, flows)
        of_inputs = of_gates @ weight_ih if ctx.needs_input_grad[0] else None
        return (
            of_inputs,
            of_gates.T @ inputs,
            of_recall[0],
            of_gates.sum(0),
            of_recall[1],
            of_first if begun else None,
            None,
            None,
        )


def _by_sentences(work: Callable[[int, int], None], multiplications: int) -> None:
    """Call `work` in threads, each with its first tile's row and the rows between two of its tiles."""
    threads = threads_for(multiplications)
    spread(lambda tile: work(tile * ROWS, threads * ROWS), range(threads), threads)
