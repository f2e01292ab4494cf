"""Mean rank of the first right answer; lower is better."""

import numpy as np

LABEL = "Mean rank"
READS = "ranks"


def column(ranks: np.ndarray) -> float:
    """Mean of the ranks (Q,)."""
    return float(np.mean(ranks))
