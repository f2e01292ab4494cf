"""Statistical power: the chance that a study with so many seeds detects an effect of a given size.

The difference of a row from its control is modelled as the effect, plus an error of the test images that all seeds
share, plus an error of each seed, both normal. The bootstrap of `gxn.evaluation.statistics` is modelled by the
normal distribution that it tends to: the variance of images, plus that of the seeds at hand over their number.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from gxn.evaluation.ranked import Ranked
from gxn.evaluation.statistics import image_gains

EXPERIMENTS = 40_000


@dataclass(frozen=True)
class Spread:
    """Standard deviations of a difference in rsum: of its mean over seeds by images, and of one seed."""

    images: float
    seeds: float


def spread(row: list[Ranked], control: list[Ranked]) -> Spread:
    """Estimate the spread of a recorded difference; the two have equal seeds, at least two."""
    gains = image_gains(row, control)  # (S, N) rsum of each image
    mean = gains.mean(axis=0)
    return Spread(float(mean.std(ddof=1) / math.sqrt(len(mean))), float(gains.mean(axis=1).std(ddof=1)))


def pooled(spreads: list[Spread]) -> Spread:
    """Root mean square of several spreads."""
    return Spread(
        *(math.sqrt(np.mean([getattr(one, name) ** 2 for one in spreads])) for name in ("images", "seeds"))
    )


def power(effect: float, seeds: int, of: Spread, level: float, rng: np.random.Generator) -> float:
    """Share of simulated studies whose two-sided test at `level` finds a difference; at effect 0, false alarms."""
    errors, needed = _simulated(seeds, of, level, rng)
    return float((np.abs(effect + errors) > needed).mean())


def detectable(share: float, seeds: int, of: Spread, level: float, rng: np.random.Generator) -> float:
    """Give the least effect that so large a share of simulated studies calls a gain, at `level`, two-sided."""
    errors, needed = _simulated(seeds, of, level, rng)
    return float(np.quantile(needed - errors, share))


def _simulated(
    seeds: int, of: Spread, level: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the difference, and the size that each study needs to call it one, (EXPERIMENTS,) each."""
    each = rng.normal(0, of.seeds, size=(EXPERIMENTS, seeds))
    errors = rng.normal(0, of.images, size=EXPERIMENTS) + each.mean(axis=1)
    deviation = np.sqrt(each.var(axis=1) / seeds + of.images**2)
    return errors, NormalDist().inv_cdf(1 - level / 2) * deviation
