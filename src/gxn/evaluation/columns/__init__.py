"""Further columns of the ablation table, one plug-in each, beside the recalls and MedR.

A plug-in has LABEL, its name in print; READS, `ranks` or `labels`; and a function

    column(ranks) -> float
    column(precision) -> float

of the ranks (Q,) of all queries of one direction, from 1, a tie counted half; or of their average precision over
labels (`gxn.evaluation.retrieval_map.Precision`), which only a dataset with true labels has: the cell is empty for
others. Its file's name is the column's.
"""
