"""Messages about a configuration: the keys that there are, a near name, numbers that are not finite."""

import math

import pytest

from gxn.configuration.problems import finite, known_keys, suggestion
from gxn.configuration.section import Count, Section, choice


class Inner(Section):
    rate: float


class Outer(Section):
    count: Count
    inner: Inner | None
    loss: choice("gxn.losses.ranking")
    inners: dict[str, Inner]


@pytest.mark.parametrize(
    ("location", "keys"),
    [
        ((), set(Outer.model_fields)),
        (("inner",), {"rate"}),
        (("inners", "hinge"), {"rate"}),
        (("loss", "hinge"), {"kind", "margin"}),
    ],
)
def test_known_keys_are_those_of_the_section_at_the_place(location, keys):
    assert known_keys(Outer, location) == keys


def test_a_near_name_is_suggested():
    assert suggestion("epoch", ["seed", "epochs"]) == "; did you mean 'epochs'?"


def test_without_a_near_name_all_are_given():
    assert suggestion("zzz", ["seed", "epochs"]) == "; known keys: epochs, seed"


def test_numbers_that_are_not_finite_are_found_at_any_depth():
    found = finite({"a": {"b": [1.0, math.inf]}, "c": math.nan, "d": 2})
    assert found == [
        "a.b.1: must be a finite number, not inf",
        "c: must be a finite number, not nan",
    ]
