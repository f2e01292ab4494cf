"""The steps of a GRU on a CPU: recurrent products, and one pass over memory at the units, each way.

Sentences know nothing of each other, so a thread takes some of them, whole tiles of rows, from the first step to
the last, and waits for no other. Matrices are C-contiguous: (B, H), or (B, 3 H) with the parts for r, z and n
side by side; of all S steps, (S, .), step after step, the longest sentences first. In the notation of
`torch.nn.GRU`, with x_* = x W_i* + b_i* and h_* = h W_h* + b_h*:
r = sigmoid(x_r + h_r), z = sigmoid(x_z + h_z), n = tanh(x_n + r h_n), and the next state is n + z (h - n).
"""

from functools import partial

import numpy as np

from gxn.compiled import compiled
from gxn.models.products import ROWS, add_product

HALF, ONE = np.float32(0.5), np.float32(1)
# tanh(x) = x P(x^2) / Q(x^2) within 5e-8 (4e-7 in float32), by least squares of the relative error up to LARGEST,
# where it is 1; the constant terms come last, and stand for ONE
LARGEST = np.float32(9.02)
P4, P3, P2, P1 = map(np.float32, (1.33189737e-8, 2.05834091e-5, 3.49403018e-3, 0.133797143))
Q4, Q3, Q2, Q1 = map(np.float32, (7.76197875e-7, 3.28308566e-4, 0.0258710566, 0.467130295))


@partial(compiled, fused=True)
def tanh(x):
    """Within -1 and 1; of a NaN, NaN, with which all comparisons are false."""
    x = LARGEST if x > LARGEST else x
    x = -LARGEST if x < -LARGEST else x
    s = x * x
    y = x * ((((P4 * s + P3) * s + P2) * s + P1) * s + ONE) / ((((Q4 * s + Q3) * s + Q2) * s + Q1) * s + ONE)
    y = ONE if y > ONE else y
    return -ONE if y < -ONE else y


@partial(compiled, fused=True)
def forwards(gates, recalled, before, after):
    """Write the next states (B, H) into `after`; `gates` (B, 3 H), x_*, become r, z and n.

    Args:
        recalled: h_*, (B, 3 H).
        before: the states h, of B rows or more, (., H).
    """
    hidden = after.shape[1]
    for row in range(len(after)):
        reset, update, new = gates[row, :hidden], gates[row, hidden : 2 * hidden], gates[row, 2 * hidden :]
        # loop by loop, as three at once are too many memory regions to be put into vectors
        for unit in range(hidden):
            reset[unit] = HALF + HALF * tanh(HALF * (reset[unit] + recalled[row, unit]))
        for unit in range(hidden):
            update[unit] = HALF + HALF * tanh(HALF * (update[unit] + recalled[row, hidden + unit]))
        for unit in range(hidden):
            new[unit] = tanh(new[unit] + reset[unit] * recalled[row, 2 * hidden + unit])
            after[row, unit] = new[unit] + update[unit] * (before[row, unit] - new[unit])


@partial(compiled, fused=True)
def backwards(gates, recalled_new, before, slopes, flows, of_new, earlier):
    """The loss's gradients, by those of the next states: `slopes` (B, H).

    Args:
        gates: r, z and n, (B, 3 H), as `forwards` left them.
        recalled_new: h_n, (B, H).
        before: as for `forwards`.
        flows: to write, (B, 3 H): gradients of h_r, h_z and h_n; the first two are those of x_r and x_z, too.
        of_new: to write, (B, H): the gradient of x_n.
        earlier: of B rows or more, (., H): z times the slope is added, what reaches h past the gates.
    """
    hidden = slopes.shape[1]
    for row in range(len(slopes)):
        reset, update, new = gates[row, :hidden], gates[row, hidden : 2 * hidden], gates[row, 2 * hidden :]
        by_reset, by_update, by_new = (
            flows[row, :hidden],
            flows[row, hidden : 2 * hidden],
            flows[row, 2 * hidden :],
        )
        for unit in range(hidden):
            z, n, slope = update[unit], new[unit], slopes[row, unit]
            of_new[row, unit] = slope * (ONE - z) * (ONE - n * n)
            by_update[unit] = slope * (before[row, unit] - n) * z * (ONE - z)
        for unit in range(hidden):
            r = reset[unit]
            by_new[unit] = of_new[row, unit] * r
            by_reset[unit] = by_new[unit] * recalled_new[row, unit] * (ONE - r)
        for unit in range(hidden):
            earlier[row, unit] += slopes[row, unit] * update[unit]


@partial(compiled, fused=True)
def all_forwards(inputs, kind, first, begun, panels, bias, sizes, gates, new, states, begin, step):
    """`forwards` at all steps, of every `step`-th tile of sentences from the sentence `begin` on.

    Args:
        inputs: x_* of each word, (U, 3 H).
        kind: int64 (S,), the word that is read at each step.
        first: the states before the first step, (B, H); zero unless they have `begun`.
        panels: of W_h, (H, 3 H).
        bias: b_h of whole panels, (3 H,) or more.
        sizes: int64 (T,), how many sentences have each of the steps.
        gates: to write, r, z and n, (S, 3 H).
        new: to write, h_n, (S, H).
        states: to write, (S, H).
    """
    hidden, before, start = states.shape[1], first, 0
    recalled = np.empty((len(first), 3 * hidden), states.dtype)
    for time in range(len(sizes)):
        end = start + sizes[time]
        after = states[start:end]
        if time or begun:
            add_product(bias, before, panels, 0, len(panels), begin, step, recalled[: len(after)])
        for row in range(begin, len(after), step):
            below = min(row + ROWS, len(after))
            if not time and not begun:
                recalled[row:below] = bias[: 3 * hidden]
            for sentence in range(row, below):
                gates[start + sentence] = inputs[kind[start + sentence]]
                new[start + sentence] = recalled[sentence, 2 * hidden :]
            tile = slice(start + row, start + below)
            forwards(gates[tile], recalled[row:below], before[row:below], states[tile])
        before, start = after, end


@partial(compiled, fused=True)
def all_backwards(gates, new, before, slopes, flows, of_new, of_first, begun, panels, sizes, begin, step):
    """`backwards` at all steps, from the last one, of the tiles that `all_forwards` takes.

    Args:
        before: h at each step, (S, H).
        slopes: gradients of the states, (S, H); become those by all that follows.
        of_first: zeros, (B, H); become the gradient of the states before the first step, if they have `begun`.
        panels: of W_h transposed, (3 H, H).
    """
    nothing, end = np.empty(0, slopes.dtype), len(slopes)
    for time in range(len(sizes) - 1, -1, -1):
        count = sizes[time]
        start = end - count
        earlier = slopes[start - sizes[time - 1] : start] if time else of_first
        for row in range(begin, count, step):
            tile = slice(start + row, start + min(row + ROWS, count))
            backwards(
                gates[tile],
                new[tile],
                before[tile],
                slopes[tile],
                flows[tile],
                of_new[tile],
                earlier[row : row + ROWS],
            )
        if time or begun:
            add_product(nothing, flows[start:end], panels, 0, len(panels), begin, step, earlier[:count])
        end = start
