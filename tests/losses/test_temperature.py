"""InfoNCE with a learnt temperature against InfoNCE at that temperature."""

import math

import pytest
import torch

from gxn.losses.ranking import infonce
from gxn.losses.temperature import LearntTemperature

SAME = torch.eye(6, dtype=torch.bool)


def scores(seed=0):
    return torch.randn(6, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("temperature", [0.01, 0.05, 0.7, 1.0])
def test_equals_the_fixed_temperature(temperature):
    fixed = infonce.loss(scores(), SAME, infonce.Parameters(temperature=temperature))
    assert LearntTemperature(temperature)(scores(), SAME).item() == pytest.approx(float(fixed), rel=1e-5)


def test_gradient_of_the_weight_by_finite_differences():
    loss = LearntTemperature(0.3).double()
    loss(scores(), SAME).backward()
    found, step, ends = float(loss.log_scale.grad), 1e-6, []
    for sign in (1, -1):
        moved = LearntTemperature(0.3).double()
        moved.log_scale.data = loss.log_scale.data + sign * step
        ends.append(moved(scores(), SAME).item())
    assert found == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


@pytest.mark.parametrize(("log_scale", "bound"), [(9.0, math.log(100)), (-3.0, 0.0)])
def test_a_weight_that_left_its_bounds_is_put_back_and_learns_on(log_scale, bound):
    loss = LearntTemperature(0.3)
    loss.log_scale.data.fill_(log_scale)
    loss(scores(), SAME).backward()
    assert loss.log_scale.item() == pytest.approx(bound)
    assert float(loss.log_scale.grad) != 0
