"""All steps of a GRU on a CPU, forward and backward (Cho et al. 2014, in cuDNN's form).

torch's own gradient multiplies small matrices for the weights at every step, and projects every word of every
sentence. Here a step computes only what depends on the step before; the rest is done once for all steps, and what
depends on a word alone once for each different word. Sentences are packed: all steps S of all sentences, step
after step, the longest sentences first.
"""

import torch
from torch.amp import custom_bwd, custom_fwd
from torch.autograd.function import once_differentiable


class GRUSteps(torch.autograd.Function):
    """States (S, H) after each step; the plain formula is `torch.nn.GRU`, sentence by sentence.

    With x_* = x W_i*^T + b_i* and h_* = h W_h*^T + b_h* (rows of the weights in the order r, z, n):
    r = sigmoid(x_r + h_r), z = sigmoid(x_z + h_z), n = tanh(x_n + r h_n), next h = n + z (h - n).

    Arguments of `apply`:
        words: (U, E), the embedding of each different word.
        weight_ih, weight_hh, bias_ih, bias_hh: (3 H, E), (3 H, H), (3 H,) and (3 H,).
        h0: (B, H), the states before the first step, in the order of the packed sentences; None: zero.
        token_index: int64 (S,), the word that each step reads.
        batch_sizes: list of int, how many sentences have a first step, a second, ...; their sum is S.
    """

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)  # results are written in place, in one type
    def forward(ctx, words, weight_ih, weight_hh, bias_ih, bias_hh, h0, token_index, batch_sizes):
        hidden = weight_hh.shape[1]
        bias = bias_ih.clone()
        bias[: 2 * hidden] += bias_hh[: 2 * hidden]
        input_proj = torch.addmm(bias, words, weight_ih.T)
        gates = input_proj.index_select(0, token_index)  # in their place come r, z and n
        hidden_n, states = (words.new_empty(len(gates), hidden) for _ in range(2))
        parts = gates[:, : 2 * hidden], *gates.split(hidden, 1), hidden_n, states
        weight_rz, weight_n = weight_hh.T.split([2 * hidden, hidden], 1)
        bias_n, h = bias_hh[2 * hidden :], h0
        for r_and_z, r, z, n, proj, after in zip(*(part.split(batch_sizes) for part in parts), strict=True):
            if h is None:
                h = words.new_zeros(len(after), hidden)
                proj[:] = bias_n
            else:
                h = h[: len(after)]
                r_and_z.addmm_(h, weight_rz)
                torch.addmm(bias_n, h, weight_n, out=proj)
            r_and_z.sigmoid_()
            n.addcmul_(r, proj).tanh_()
            h = torch.lerp(n, h, z, out=after)
        ctx.save_for_backward(words, weight_ih, weight_hh, h0, token_index, gates, hidden_n, states)
        ctx.batch_sizes = batch_sizes
        return states

    @staticmethod
    @custom_bwd(device_type="cpu")
    @once_differentiable
    def backward(ctx, grad_output):
        words, weight_ih, weight_hh, h0, token_index, gates, hidden_n, states = ctx.saved_tensors
        sizes, hidden = ctx.batch_sizes, weight_hh.shape[1]
        r, z, n = gates.split(hidden, 1)
        not_z = 1 - z
        # over the gradient of the next h, for all steps: the gradient of x_n, and those of h_r, h_z and h_n
        by_n = torch.ops.aten.tanh_backward(not_z, n)
        grad_gates = torch.empty_like(gates)
        by_r, by_z, by_hidden_n = grad_gates.split(hidden, 1)
        torch.mul(torch.ops.aten.sigmoid_backward(hidden_n, r), by_n, out=by_r)
        torch.mul(states - n, not_z, out=by_z)
        torch.mul(by_n, r, out=by_hidden_n)
        grad_states = grad_output.clone(memory_format=torch.contiguous_format)
        parts = [part.split(sizes) for part in (grad_states, grad_gates.view(-1, 3, hidden), z)]
        carried = states[:0]
        for step in reversed(range(len(sizes))):
            grad_h, grads, kept = (part[step] for part in parts)
            grad_h[: len(carried)] += carried
            grads.mul_(grad_h.unsqueeze(1))
            if step or h0 is not None:
                carried = torch.mul(grad_h, kept).addmm_(grads.view(-1, 3 * hidden), weight_hh)
        before = (
            [h0] if h0 is not None else []
        )  # h at each step; where it is zero, it does not move the weights
        before += [state[:size] for state, size in zip(states.split(sizes), sizes[1:], strict=False)]
        before = torch.cat([*before, states[:0]])
        grad_weight_hh = grad_gates[len(grad_gates) - len(before) :].T @ before
        grad_bias_hh = grad_gates.sum(0)
        torch.mul(by_n, grad_states, out=by_hidden_n)  # x_* move the gates as h_* do, x_n without r
        grad_proj = grad_gates.new_zeros(len(words), 3 * hidden).index_add_(0, token_index, grad_gates)
        grad_words = grad_proj @ weight_ih if ctx.needs_input_grad[0] else None
        grad_h0 = None if h0 is None else carried
        return (
            grad_words,
            grad_proj.T @ words,
            grad_weight_hh,
            grad_proj.sum(0),
            grad_bias_hh,
            grad_h0,
            None,
            None,
        )
