"""How often the bootstrap of `gxn.evaluation.statistics` finds a difference where there is none.

    uv run python -m benchmarks.null --pairs 400

Rows and controls are made up: images differ in difficulty, runs by a shift of all their queries whose standard
deviation is so many points of rsum, and hits are drawn. Both are of the same quality, so every p value below .05
is wrong, and an interval covers the truth where it holds 0.
"""

import argparse
from pathlib import Path

import numpy as np

from gxn.evaluation.metrics import RECALLS
from gxn.evaluation.ranked import Ranked
from gxn.evaluation.statistics import METRICS, compare

IMAGES, CAPTIONS = 200, 5
SEEDS, SPREADS = (2, 3, 5, 10), (0.0, 2.0, 5.0, 10.0)  # runs of a row; points of rsum between them
RESAMPLES, LEVEL = 400, 0.05
CENTRES = (-0.4, 1.0, 2.0)  # of R@1, R@5, R@10 in logits: 40, 73 and 88 percent
RSUM = METRICS.index("rsum")


def points_per_logit() -> float:
    """Points of rsum that a shift of all queries by one logit moves, at an image of mean difficulty."""
    share = 1 / (1 + np.exp(-np.array(CENTRES)))
    return float(2 * 100 * (share * (1 - share)).sum())


def run(rng: np.random.Generator, difficulty: np.ndarray, method: str, seed: int, spread: float) -> Ranked:
    """Ranks of one run: 1, 3, 7 or 11, whichever recall is the first to hit."""
    owners = np.repeat(np.arange(IMAGES), CAPTIONS)
    shift = rng.normal(0, spread / points_per_logit())

    def ranks(of: np.ndarray) -> np.ndarray:
        luck = rng.logistic(size=len(of)) - difficulty[of] - shift
        return np.array([1.0, 3.0, 7.0, 11.0])[np.searchsorted(CENTRES, luck)]

    ids = np.arange(len(owners))
    arrays = (ranks(np.arange(IMAGES)), ranks(owners), np.arange(IMAGES), ids, owners, np.zeros(IMAGES, int))
    return Ranked(Path("made up"), "null", "full", method, seed, *arrays)


def simulate(seeds: int, spread: float, pairs: int) -> tuple[float, float]:
    """Percent of pairs whose rsum has p < LEVEL, and percent of 95 % intervals that hold 0."""
    false, covered = 0, 0
    for number in range(pairs):
        rng = np.random.default_rng([seeds, int(spread * 10), number])
        difficulty = rng.normal(0, 1.5, IMAGES)
        row, control = (
            [run(rng, difficulty, name, seed, spread) for seed in range(seeds)] for name in ("row", "control")
        )
        found = compare(row, control, RESAMPLES, number)[RSUM]
        false += found.p < LEVEL
        covered += found.low <= 0 <= found.high
    return 100 * false / pairs, 100 * covered / pairs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=400, help="rows and controls for each line")
    pairs = parser.parse_args().pairs
    assert len(RECALLS) == len(CENTRES)
    print(
        "| seeds | std of rsum between runs | p < .05, % | 95 % interval holds 0, % |\n|---:|---:|---:|---:|"
    )
    for seeds in SEEDS:
        for spread in SPREADS:
            false, covered = simulate(seeds, spread, pairs)
            print(f"| {seeds} | {spread:.0f} | {false:.1f} | {covered:.1f} |", flush=True)


if __name__ == "__main__":
    main()
