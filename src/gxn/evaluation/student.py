"""Student's t of few paired differences, such as those of a row's seeds: p value and interval.

The distribution function at n degrees of freedom is a finite sum (Abramowitz and Stegun, 26.7.3 and 26.7.4).
"""

import math
import statistics
from collections.abc import Sequence

LEVEL = 0.05  # of the interval


def paired(differences: Sequence[float]) -> tuple[float, float, float]:
    """Give the ends of the 95 % interval of the mean of at least two differences, and its two-sided p value."""
    mean, freedom = statistics.fmean(differences), len(differences) - 1
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    half = quantile(LEVEL, freedom) * error
    p = p_value(mean / error, freedom) if error else float(mean == 0)
    return mean - half, mean + half, p


def p_value(t: float, freedom: int) -> float:
    """Give the chance that the size of Student's t with `freedom` degrees exceeds |t|."""
    angle = math.atan(abs(t) / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine if odd else 1.0), 0.0
    for step in range(2 + odd, freedom + 1, 2):
        total += term
        term *= cosine**2 * (step - 1) / step
    if odd:
        return 1.0 - 2.0 / math.pi * (angle + sine * total)
    return 1.0 - sine * total


def quantile(level: float, freedom: int) -> float:
    """Give the t whose two-sided p value is `level`, by bisection."""
    low, high = 0.0, 1.0
    while p_value(high, freedom) > level:
        high *= 2.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if p_value(middle, freedom) > level else (low, middle)
    return high
