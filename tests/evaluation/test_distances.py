"""KID against its definition and torchmetrics, the Frechet distance against closed forms."""

import numpy as np
import pytest

from gxn.errors import GxnError
from gxn.evaluation.distances import frechet_distance, frechet_with_floor, kernel_distance


def mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The definition, pair by pair."""
    count, width = x.shape

    def kernel(one: np.ndarray, two: np.ndarray) -> float:
        return (one @ two / width + 1) ** 3

    pairs = [(i, j) for i in range(count) for j in range(count)]
    within = sum(kernel(side[i], side[j]) for side in (x, y) for i, j in pairs if i != j)
    return within / (count * (count - 1)) - 2 * sum(kernel(x[i], y[j]) for i, j in pairs) / count**2


def test_kid_is_the_mean_over_subsets_of_its_definition() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)), rng.normal(0.5, 2, size=(9, 3))
    found = kernel_distance(x, y, subsets=5, subset_size=500, seed=7)  # half of the pictures in each subset
    draw = np.random.default_rng(7)
    expected = []
    for _ in range(5):
        rows, columns = draw.choice(8, 4, replace=False), draw.choice(9, 4, replace=False)
        expected.append(mmd(x[rows], y[columns]))
    assert found.mean == pytest.approx(np.mean(expected)) and found.std == pytest.approx(np.std(expected))


def test_kid_is_unbiased_and_tells_noise() -> None:
    rng = np.random.default_rng(1)
    real, same, noise = (rng.normal(0, scale, size=(400, 8)) for scale in (1, 1, 2))
    equal, apart = (kernel_distance(real, each, subset_size=100) for each in (same, noise))
    assert abs(equal.mean) < equal.std
    assert apart.mean > 4 * apart.std
    assert equal == kernel_distance(real, same, subset_size=100)
    assert equal != kernel_distance(real, same, subset_size=100, seed=1)


def test_kid_is_that_of_torchmetrics() -> None:
    kid = pytest.importorskip("torchmetrics.image.kid")
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(50, 16)), rng.normal(0.3, 1, size=(50, 16))
    draw = np.random.default_rng(3)
    rows, columns = (draw.choice(50, 25, replace=False) for _ in range(2))
    expected = kid.poly_mmd(torch.from_numpy(x[rows]), torch.from_numpy(y[columns])).item()
    assert kernel_distance(x, y, subsets=1, seed=3).mean == pytest.approx(expected)


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


def test_the_floor_is_of_equally_many_pictures() -> None:
    rng = np.random.default_rng(5)
    real, other, drawn = (
        rng.normal(size=(60, 20)),
        rng.normal(size=(300, 20)),
        rng.normal(0, 2, size=(40, 20)),
    )
    found = frechet_with_floor(real, other, drawn)
    assert found.floor == frechet_distance(real, other[:40])
    assert found.floor > 1.5 * frechet_distance(real, other)  # fewer pictures, more bias
    assert found.value == frechet_distance(real, drawn) > found.floor
    with pytest.raises(GxnError, match="40 other real pictures"):
        frechet_with_floor(real, other[:39], drawn)


@pytest.mark.parametrize("measure", [kernel_distance, frechet_distance])
def test_bad_input_is_named(measure) -> None:
    good = np.ones((3, 4))
    for bad in (np.ones((3, 5)), np.ones(4), np.ones((1, 4))):
        with pytest.raises(GxnError, match="give"):
            measure(good, bad)
    with pytest.raises(GxnError, match="not finite"):
        measure(good, np.full((3, 4), np.nan))
