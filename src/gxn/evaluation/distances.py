"""Distances between two sets of pictures by features of a CNN: KID with its spread, and the Frechet distance.

Both are distances of distributions: they say whether drawings look like real pictures, not whether they fit their
captions. The CNN must not have been trained together with the generator; a column's name should say which it is.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from gxn.errors import GxnError

SUBSETS = 25  # the mean of 100 takes four times as long, and differs by a fifth of the spread
SUBSET_SIZE = 500


@dataclass(frozen=True)
class KernelDistance:
    """KID over subsets.

    Attributes:
        mean: the estimate; lower is better, about 0 for equal distributions and independent pictures. Rendered
            scenes are not independent (families differ in one attribute), so that 500 of them are 0.10 from 500
            others by features of the reader: print the distance of other real pictures beside it.
        std: standard deviation over subsets. Subsets overlap, so it is smaller than the error of the estimate.
    """

    mean: float
    std: float


def kernel_distance(
    real: np.ndarray, drawn: np.ndarray, subsets: int = SUBSETS, subset_size: int = SUBSET_SIZE, seed: int = 0
) -> KernelDistance:
    """KID (Binkowski et al. 2018) by torchmetrics: the unbiased squared MMD, over random subsets.

    For a subset of m pictures of each side and k(x, y) = (x . y / D + 1)^3,

        MMD^2 = sum_{i != j} (k(x_i, x_j) + k(y_i, y_j)) / (m (m - 1)) - 2 sum_{i, j} k(x_i, y_j) / m^2.

    torchmetrics is given features, with the identity as their extractor: it would put a CNN into training mode.

    Args:
        real: features of real pictures, float (N, D).
        drawn: features of drawings, float (M, D).
        subsets: number of subsets, drawn without replacement from each side.
        subset_size: m; half of the smaller side where that is smaller, since subsets that hold all pictures would
            have no spread.
        seed: of the subsets.

    Raises:
        GxnError: the shapes do not agree, a side has fewer than two pictures, or a number is not finite.
    """
    import torch  # here, since torchmetrics takes 2 s to import
    from torchmetrics.image.kid import KernelInceptionDistance

    sides = _checked(real, drawn)
    size = min(subset_size, max(2, min(map(len, sides)) // 2))
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore", UserWarning)  # says that features are kept in memory
        torch.random.default_generator.manual_seed(seed)
        measure = KernelInceptionDistance(torch.nn.Identity(), subsets, size)
        for is_real, side in zip((True, False), sides, strict=True):
            measure.update(torch.from_numpy(side.astype(np.float32)), real=is_real)
        mean, std = measure.compute()
    return KernelDistance(mean.item(), std.item())


def frechet_distance(one: np.ndarray, two: np.ndarray) -> float:
    """Squared Frechet distance of the normal distributions fitted to two sets of features (Heusel et al. 2017).

    With means m and covariances C,

        |m_1 - m_2|^2 + tr(C_1 + C_2 - 2 (C_1 C_2)^(1/2)).

    The last trace is the nuclear norm of X_1 X_2^T for centred features X_k / sqrt(N_k - 1), so no root of a
    matrix is taken, and fewer pictures than dimensions are not a special case. torchmetrics finds the same number
    by the eigenvalues of C_1 C_2, in 16 times the processor time for 1,000 pictures and 2,304 features (5.2 s).

    The estimate is biased upwards where there are few pictures per dimension, so it is read only beside that of as
    many other real pictures.

    Args:
        one: float (N, D).
        two: float (M, D).

    Returns:
        0 or more, in squared units of the features; lower is more alike.

    Raises:
        GxnError: the shapes do not agree, a side has fewer than two pictures, or a number is not finite.
    """
    sides = _checked(one, two)
    means = [side.mean(axis=0) for side in sides]
    x, y = ((side - mean) / np.sqrt(len(side) - 1) for side, mean in zip(sides, means, strict=True))
    total = np.square(means[0] - means[1]).sum() + np.square(x).sum() + np.square(y).sum()
    # of more rows than columns only the triangle counts: X = Q R, and Q does not change singular values
    x, y = (np.linalg.qr(each, mode="r") if len(each) > each.shape[1] else each for each in (x, y))
    return max(0.0, float(total - 2 * np.linalg.norm(x @ y.T, "nuc")))


def _checked(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sides in float64."""
    if one.ndim != 2 or two.ndim != 2 or one.shape[1] != two.shape[1] or min(len(one), len(two)) < 2:
        raise GxnError(
            f"distance of pictures: features {one.shape} and {two.shape}; give (N, D) and (M, D) "
            "with at least two pictures each"
        )
    if not (np.isfinite(one).all() and np.isfinite(two).all()):
        raise GxnError(
            "distance of pictures: a feature is not finite; make the drawings or the features again"
        )
    return one.astype(np.float64), two.astype(np.float64)
