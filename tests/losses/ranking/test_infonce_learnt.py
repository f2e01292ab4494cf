"""The plug-in of InfoNCE with a learnt temperature: its settings and what it builds."""

import math

import pytest

from gxn.configuration.section import parse
from gxn.errors import GxnError
from gxn.losses.ranking.infonce_learnt import Parameters, build


def test_the_temperature_starts_as_configured():
    assert build(Parameters(temperature=0.2)).log_scale.item() == pytest.approx(math.log(5))


@pytest.mark.parametrize("wrong", [0.0, 0.001, 2, float("nan"), "cold"])
def test_a_start_out_of_bounds_is_refused(wrong):
    with pytest.raises(GxnError, match=r"loss: temperature: "):
        parse(Parameters, {"temperature": wrong}, "loss")
