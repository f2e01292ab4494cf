"""Mean reciprocal rank of the first right answer, 0 to 1; higher is better."""

import numpy as np

LABEL = "MRR"
READS = "ranks"


def column(ranks: np.ndarray) -> float:
    """Mean of 1 / rank of the ranks (Q,)."""
    return float(np.mean(1 / ranks))
