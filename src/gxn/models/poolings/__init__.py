"""Poolings of a caption's states into one vector, one plug-in each.

A plug-in has a class `Parameters`, the keys of a pooling; READS, `states` of a GRU, or `words`, their vectors, for
which no GRU is built; and a function

    build(parameters) -> pool

whose result, a function or a torch module, is called as `pool(states, row, step, lengths)` and gives (B, D):
`states` (S, D) has one row per step of each caption, in any order, S being the sum of the lengths; `row` and
`step` int64 (S,) are the caption of each state and the number of its step from 0; `lengths` int64 (B,), at least
1, is on the CPU. A backward GRU counts its steps from the caption's end.
"""
