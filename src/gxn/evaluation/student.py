"""Student's t of few paired differences, such as those of a row's seeds: interval and p value."""

import statistics
from collections.abc import Sequence

LEVEL = 0.95  # of the interval


def paired(differences: Sequence[float]) -> tuple[float, float, float]:
    """Give the ends of the 95 % interval of the mean of at least two differences, and its two-sided p value."""
    from scipy import stats  # here, since scipy.stats takes a second to import

    mean = statistics.fmean(differences)
    if len(set(differences)) == 1:  # no spread, which scipy calls not a number
        return mean, mean, float(mean == 0)
    found = stats.ttest_1samp(differences, 0.0)
    low, high = found.confidence_interval(LEVEL)
    return float(low), float(high), float(found.pvalue)
