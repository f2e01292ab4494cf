"""Student's t, against printed tables and closed forms."""

import math

import pytest

from gxn.evaluation.student import paired


@pytest.mark.parametrize(
    ("count", "t"), [(2, 12.706), (3, 4.303), (4, 3.182), (5, 2.776), (10, 2.262), (31, 2.042)]
)
def test_intervals_are_those_of_printed_tables(count, t):
    differences = [float(each % 4) for each in range(count)]
    mean = sum(differences) / count
    error = math.sqrt(sum((each - mean) ** 2 for each in differences) / (count - 1) / count)
    low, high, _ = paired(differences)
    assert (high - low) / 2 == pytest.approx(t * error, rel=2e-4)
    assert (high + low) / 2 == pytest.approx(mean)


def test_p_values_with_one_and_two_degrees_are_the_closed_forms():
    assert paired([0.0, 2.0])[2] == pytest.approx(0.5)  # t = 1
    t = 2 * math.sqrt(3)
    assert paired([1.0, 2.0, 3.0])[2] == pytest.approx(1 - t / math.sqrt(2 + t**2))


def test_an_interval_ends_at_zero_where_p_is_the_level():
    shift = paired([1.0, 2.0, 3.0])[0]
    low, _, p = paired([1.0 - shift, 2.0 - shift, 3.0 - shift])
    assert low == pytest.approx(0.0, abs=1e-9) and p == pytest.approx(0.05)


def test_equal_differences_have_no_spread():
    assert paired([2.0, 2.0]) == (2.0, 2.0, 0.0)
    assert paired([0.0, 0.0]) == (0.0, 0.0, 1.0)
