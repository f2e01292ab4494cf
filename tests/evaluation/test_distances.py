"""KID against its definition, the Frechet distance against closed forms and torchmetrics."""

import numpy as np
import pytest
import torch

from gxn.errors import GxnError
from gxn.evaluation.distances import frechet_distance, kernel_distance


def mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The definition over all pictures, pair by pair."""
    width = x.shape[1]

    def kernel(one: np.ndarray, two: np.ndarray) -> float:
        return (one @ two / width + 1) ** 3

    def within(side: np.ndarray) -> float:
        pairs = [(i, j) for i in range(len(side)) for j in range(len(side)) if i != j]
        return np.mean([kernel(side[i], side[j]) for i, j in pairs])

    return within(x) + within(y) - 2 * np.mean([kernel(one, two) for one in x for two in y])


def test_kid_is_that_of_its_definition() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)), rng.normal(0.5, 2, size=(9, 3))
    found = kernel_distance(
        x, y, subsets=1000, subset_size=500, seed=7
    )  # half of the pictures in each subset
    # unbiased: the mean over subsets tends to the value over all pictures
    error = found.std / 1000**0.5
    assert found.mean == pytest.approx(mmd(x, y), abs=4 * error) and error < 0.05 * mmd(x, y)
    # smaller subsets vary more
    assert kernel_distance(x, y, subsets=50, subset_size=2).std > found.std


def test_kid_is_unbiased_and_tells_noise() -> None:
    rng = np.random.default_rng(1)
    real, same, noise = (rng.normal(0, scale, size=(400, 8)) for scale in (1, 1, 2))
    equal, apart = (kernel_distance(real, each, subset_size=100) for each in (same, noise))
    assert abs(equal.mean) < equal.std
    assert apart.mean > 4 * apart.std
    assert equal == kernel_distance(real, same, subset_size=100)
    assert equal != kernel_distance(real, same, subset_size=100, seed=1)


def test_kid_leaves_the_random_numbers_of_others_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    kernel_distance(*np.random.default_rng(2).normal(size=(2, 6, 3)))
    assert torch.equal(torch.rand(3), expected)


def test_frechet_distance_of_a_shift_and_a_scale() -> None:
    x = np.random.default_rng(3).normal(size=(200, 5))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x, x + 2) == pytest.approx(5 * 4)
    # equal directions: sum of (s_1 - s_2)^2 over standard deviations
    doubled = 2 * x - x.mean(axis=0)
    assert frechet_distance(x, doubled) == pytest.approx(x.var(axis=0, ddof=1).sum())


@pytest.mark.parametrize(("count", "other", "width"), [(50, 80, 6), (5, 80, 6), (4, 3, 6)])
def test_frechet_distance_is_that_of_matrix_roots(count: int, other: int, width: int) -> None:
    rng = np.random.default_rng(4)
    x, y = (
        rng.normal(size=(count, width)) @ rng.normal(size=(width, width)),
        rng.normal(1, 2, size=(other, width)),
    )
    first, second = (np.cov(each, rowvar=False) for each in (x, y))
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ second @ root), 0, None)).sum()
    expected = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(first) + np.trace(second) - 2 * cross
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-5)
    assert frechet_distance(y, x) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("count", [40, 6])
def test_frechet_distance_is_that_of_torchmetrics(count: int) -> None:
    from torchmetrics.image.fid import FrechetInceptionDistance

    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(count, 12)), rng.normal(1, 2, size=(count, 12))
    extractor = torch.nn.Identity()
    extractor.num_features = 12
    measure = FrechetInceptionDistance(extractor)
    measure.set_dtype(torch.float64)
    measure.update(torch.from_numpy(x), real=True)
    measure.update(torch.from_numpy(y), real=False)
    assert frechet_distance(x, y) == pytest.approx(measure.compute().item(), rel=1e-5)


def test_frechet_distance_is_larger_where_pictures_are_few() -> None:
    rng = np.random.default_rng(5)
    real, other = rng.normal(size=(60, 20)), rng.normal(size=(300, 20))
    assert frechet_distance(real, other[:40]) > 1.5 * frechet_distance(real, other)


@pytest.mark.parametrize("measure", [kernel_distance, frechet_distance])
def test_bad_input_is_named(measure) -> None:
    good = np.ones((3, 4))
    for bad in (np.ones((3, 5)), np.ones(4), np.ones((1, 4))):
        with pytest.raises(GxnError, match="give"):
            measure(good, bad)
    with pytest.raises(GxnError, match="not finite"):
        measure(good, np.full((3, 4), np.nan))
