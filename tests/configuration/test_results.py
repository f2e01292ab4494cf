"""Sections `evaluate`, `significance` and `paper`."""

import pytest
from small import PARAMS

from gxn.configuration.results import Evaluate, Paper, Significance
from gxn.configuration.section import parse
from gxn.errors import GxnError
from gxn.evaluation.protocol_sizes import PROTOCOLS

SECTIONS = {"evaluate": Evaluate, "significance": Significance, "paper": Paper}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_may_be_chosen(protocol):
    given = PARAMS["evaluate"] | {"protocols": [protocol]}
    assert parse(Evaluate, given, "x").protocols == (protocol,)


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("evaluate", {"protocols": []}, "protocols: must be a list of at least 1, not []"),
        ("evaluate", {"protocols": ["2k"]}, "protocols.0: must be full, 1k-5fold or 5k, not '2k'"),
        ("evaluate", {"medr": "mean"}, "medr: must be floor or median, not 'mean'"),
        ("significance", {"resamples": 90}, "resamples: must be at least 100, not 90"),
        ("significance", {"resamples": 200.0}, "resamples: must be a whole number, not 200.0"),
        ("paper", {"datasets": ["a", "a"]}, "datasets: a value is given twice"),
        ("paper", {"datasets": ["a b"]},
         "datasets.0: 'a b' is not a name; use letters, digits and _, and do not begin with _"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(section, change, message):
    with pytest.raises(GxnError) as caught:
        parse(SECTIONS[section], PARAMS[section] | change, "x")
    assert str(caught.value) == f"x: {message}"
