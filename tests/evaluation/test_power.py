"""Power of the bootstrap with few seeds."""

import numpy as np
import pytest
from made_results import METHODS

from gxn.evaluation.power import Spread, detectable, pooled, power, spread
from gxn.evaluation.ranked import by_search, read_ranks
from gxn.evaluation.statistics import compare, image_gains


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_large_effect_is_found_and_a_tiny_one_is_not(rng):
    of = Spread(images=1.0, seeds=1.0)
    assert power(20.0, 5, of, 0.05, rng) > 0.99
    assert power(0.1, 5, of, 0.05, rng) < 0.12


def test_the_detectable_effect_has_the_power_that_was_asked(rng):
    of = Spread(images=1.0, seeds=1.5)
    effect = detectable(0.8, 3, of, 0.01, rng)
    assert power(effect, 3, of, 0.01, rng) == pytest.approx(0.8, abs=0.01)


def test_without_spread_between_seeds_false_alarms_are_those_of_the_level(rng):
    assert power(0.0, 3, Spread(images=1.0, seeds=0.0), 0.05, rng) == pytest.approx(0.05, abs=0.006)


def test_without_spread_between_images_few_seeds_give_false_alarms(rng):
    assert power(0.0, 3, Spread(images=0.0, seeds=1.0), 0.05, rng) > 0.15


def test_several_spreads_are_pooled_by_their_squares():
    assert pooled([Spread(3.0, 0.0), Spread(4.0, 2.0)]) == Spread(
        pytest.approx(12.5**0.5), pytest.approx(2**0.5)
    )


def test_the_spread_of_equal_seeds_is_that_of_a_bootstrap_over_images(results):
    ranked = by_search(read_ranks(results.each("ranks/*/*"), METHODS))[("scenes", "full")]
    row, control = ranked["gxn_t2i"][:1] * 2, ranked["vse0"][:1] * 2
    of, one = spread(row, control), compare(row, control, 4000, 0)[-1]
    assert of.seeds == 0
    assert of.images == pytest.approx((one.high - one.low) / (2 * 1.96), rel=0.1)


def test_the_mean_over_images_is_the_difference(results):
    ranked = by_search(read_ranks(results.each("ranks/*/*"), METHODS))[("scenes", "full")]
    row, control = ranked["gxn_t2i"], ranked["vse0"]
    assert image_gains(row, control).mean() == pytest.approx(compare(row, control, 100, 0)[-1].value)
