"""The order of updates on a batch."""

import pytest

from gxn.training.objective import in_turn


@pytest.mark.parametrize(
    ("imagining", "steps", "expected"),
    [("cd", 2, "cmdm"), ("c", 2, "cmm"), ("cd", 1, "cdm"), ("", 2, "mm"), ("d", 1, "dm"), ("cd", 3, "cmdmm")],
)
def test_updates_come_in_the_order_of_algorithm_1(imagining, steps, expected):
    assert "".join(in_turn(list(imagining), "m", steps)) == expected
