"""A GRU over captions of unequal length (Cho et al. 2014, in cuDNN's form).

On a CPU, torch takes the gradient of the weights step by step, a product of small matrices each time. Here a
step does no more than depends on the step before; everything else is done for all steps at once, and what
depends on a word alone is done once for each word of the batch.
"""

import torch
from torch import Tensor, nn
from torch.amp import custom_bwd, custom_fwd
from torch.autograd.function import once_differentiable
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class GRU(nn.GRU):
    """One GRU layer, parameters named and laid out as in `torch.nn.GRU`, states zero past each end."""

    def __init__(self, input_size: int, hidden_size: int, bidirectional: bool = False) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, bidirectional=bidirectional)

    def forward(
        self, embedded: Tensor, lengths: Tensor, words: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """All states and the last ones.

        Args:
            embedded: (B, T, E) inputs; what lies past a length is ignored.
            lengths: (B,) int64, 1 to T.
            words: (B, T) ids whose embeddings the inputs are: equal ids, equal inputs. One of the equal inputs
                is then used for all, and receives the gradient of all.

        Returns:
            states (B, T, H * directions), zero past each length; last (B, H * directions), the state after
            each sequence's last step, and for the backward direction after its first.
        """
        if embedded.is_cuda:
            return self._packed(embedded, lengths)
        order = torch.argsort(lengths, descending=True, stable=True)
        ordered = lengths[order]
        steps = torch.arange(embedded.shape[1]).unsqueeze(1)  # (T, 1)
        step, sequence = (steps < ordered).nonzero(as_tuple=True)  # each (S,), all steps of all sequences
        sizes = (steps < ordered).sum(1).tolist()
        ends = torch.tensor([0, *sizes]).cumsum(0)[ordered - 1] + torch.arange(len(order))
        places = torch.empty_like(ends)
        places[order] = ends  # where each sequence's last step stands among all
        flat, states, last = embedded.flatten(0, 1), [], []
        kinds = torch.arange(len(flat)) if words is None else _first_alike(words.flatten())
        for suffix in ("", "_reverse") if self.bidirectional else ("",):
            at = ordered[sequence] - 1 - step if suffix else step
            rows = order[sequence] * embedded.shape[1] + at
            weights = (getattr(self, f"{name}_l0{suffix}") for name in ("weight_ih", "weight_hh"))
            biases = (getattr(self, f"{name}_l0{suffix}") for name in ("bias_ih", "bias_hh"))
            used, kind = kinds[rows].unique(return_inverse=True)
            found = _Steps.apply(flat[used], *weights, *biases, kind, sizes)
            states.append(found.new_zeros(len(flat), self.hidden_size).index_copy(0, rows, found))
            last.append(found[places])
        return torch.cat(states, 1).unflatten(0, embedded.shape[:2]), torch.cat(last, 1)

    def _packed(self, embedded: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, last = super().forward(packed)
        states = pad_packed_sequence(states, batch_first=True, total_length=embedded.shape[1])[0]
        return states, torch.cat(tuple(last), dim=1)


def _first_alike(words: Tensor) -> Tensor:
    """The position at which each of the words (P,) stands first."""
    ids, kinds = words.unique(return_inverse=True)
    positions = torch.arange(len(words))
    return positions.new_full(ids.shape, len(words)).scatter_reduce(0, kinds, positions, "amin")[kinds]


class _Steps(torch.autograd.Function):
    """States (S, H) step after step, the longest sequences first, of inputs (U, E) chosen by `kind` (S,).

    `sizes` says how many sequences still run at each step. With x and h a step's input and state:
    r, z = sigmoid(x W_ir + b_ir + h W_hr + b_hr), likewise z; n = tanh(x W_in + b_in + r (h W_hn + b_hn));
    the next state is (1 - z) n + z h.
    """

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)  # results are written in place, in one type
    def forward(ctx, inputs, weight_ih, weight_hh, bias_ih, bias_hh, kind, sizes):
        hidden = weight_hh.shape[1]
        gates = torch.addmm(bias_ih, inputs, weight_ih.T)[kind]  # (S, 3 H), by and by r, z, n
        recalled = torch.empty_like(gates)  # h W_h + b_h
        before = inputs.new_zeros(len(kind), hidden)  # h of each step
        states = torch.empty_like(before)
        begin = 0
        for step, size in enumerate(sizes):
            rows = slice(begin, begin + size)
            if step:
                before[rows] = states[begin - sizes[step - 1] :][:size]
            gate, recall = gates[rows], recalled[rows]
            torch.addmm(bias_hh, before[rows], weight_hh.T, out=recall)
            gate[:, : 2 * hidden].add_(recall[:, : 2 * hidden]).sigmoid_()
            reset, update, new = gate.split(hidden, 1)
            new.addcmul_(reset, recall[:, 2 * hidden :]).tanh_()
            torch.lerp(new, before[rows], update, out=states[rows])
            begin += size
        ctx.sizes = sizes
        ctx.save_for_backward(inputs, weight_ih, weight_hh, kind, gates, recalled, before)
        return states

    @staticmethod
    @custom_bwd(device_type="cpu")
    @once_differentiable
    def backward(ctx, slopes):
        inputs, weight_ih, weight_hh, kind, gates, recalled, before = ctx.saved_tensors
        hidden = weight_hh.shape[1]
        reset, update, new = gates.split(hidden, 1)
        # How n, z and r move with a step's state, as far as that is known before the state's own gradient.
        by_new = torch.ops.aten.tanh_backward(1 - update, new)
        by_update = torch.ops.aten.sigmoid_backward(before - new, update)
        by_reset = torch.ops.aten.sigmoid_backward(recalled[:, 2 * hidden :], reset)
        of_recall = torch.empty_like(gates)
        of_new = torch.empty_like(before)
        end, carried = len(kind), None
        for size in reversed(ctx.sizes):
            rows = slice(end - size, end)
            slope = slopes[rows]
            if carried is not None:
                slope = slope.clone()
                slope[: len(carried)] += carried
            to_reset, to_update, to_new = of_recall[rows].split(hidden, 1)
            torch.mul(slope, by_new[rows], out=of_new[rows])
            torch.mul(slope, by_update[rows], out=to_update)
            torch.mul(of_new[rows], by_reset[rows], out=to_reset)
            torch.mul(of_new[rows], reset[rows], out=to_new)
            carried = torch.addmm(slope * update[rows], of_recall[rows], weight_hh)
            end -= size
        recall_gradients = of_recall.T @ before, of_recall.sum(0)
        of_recall[:, 2 * hidden :] = of_new  # x moves the gates as h does, but for r
        of_gates = of_recall.new_zeros(len(inputs), 3 * hidden).index_add_(0, kind, of_recall)
        return (
            of_gates @ weight_ih if ctx.needs_input_grad[0] else None,
            of_gates.T @ inputs,
            recall_gradients[0],
            of_gates.sum(0),
            recall_gradients[1],
            None,
            None,
        )
