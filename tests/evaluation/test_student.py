"""Student's t, against printed tables and closed forms."""

import math

import pytest

from gxn.evaluation.student import p_value, paired, quantile


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262), (10, 2.228), (30, 2.042)]
)
def test_quantiles_are_those_of_printed_tables(freedom, t):
    assert quantile(0.05, freedom) == pytest.approx(t, abs=6e-4)


def test_p_values_with_one_and_two_degrees_are_the_closed_forms():
    assert p_value(1.0, 1) == pytest.approx(0.5)
    assert p_value(-2.0, 2) == pytest.approx(1 - 2 / math.sqrt(2 + 4))


def test_an_interval_ends_at_zero_where_p_is_the_level():
    low, high, p = paired([1.0, 2.0, 3.0])
    assert (low + high) / 2 == pytest.approx(2.0) and p == pytest.approx(p_value(2 * math.sqrt(3), 2))
    shift = low
    low, _, p = paired([1.0 - shift, 2.0 - shift, 3.0 - shift])
    assert low == pytest.approx(0.0, abs=1e-9) and p == pytest.approx(0.05)


def test_equal_differences_have_no_spread():
    assert paired([2.0, 2.0]) == (2.0, 2.0, 0.0)
    assert paired([0.0, 0.0]) == (0.0, 0.0, 1.0)
