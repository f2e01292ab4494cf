"""Further columns of the ablation table, one plug-in each, beside the recalls and MedR.

A plug-in has LABEL, its name in print, and a function

    column(ranks) -> float

of the ranks (Q,) of all queries of one direction, from 1, a tie counted half. Its file's name is the column's.
"""
