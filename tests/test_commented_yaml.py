"""Settings become YAML that reads back as they were."""

import json

import yaml
from hypothesis import given
from hypothesis import strategies as st

from gxn.commented_yaml import Setting, to_yaml


def test_sections_values_and_reasons():
    settings = [
        Setting("a", [0, 1], "why"),
        Setting("b.c", 2e-4),
        Setting("b.d.e", "no", "x" * 120),
        Setting("b.f", {"g": None, "h": True}),
    ]
    assert to_yaml(settings, ["One\nTwo", ""]).splitlines() == [
        "# One",
        "# Two",
        "#",
        "a: [0, 1]                         # why",
        "",
        "b:",
        "  c: 2.0e-4",
        "  d:",
        "    # " + "x" * 120,
        '    e: "no"',
        "  f: {g: null, h: true}",
    ]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20),
)


@given(st.dictionaries(st.sampled_from(["a", "b.c", "b.d", "e.f.g"]), VALUES | st.lists(VALUES, max_size=3)))
def test_every_value_reads_back(values):
    text = to_yaml([Setting(key, value, "why\x7f # not") for key, value in values.items()], [])
    found = yaml.safe_load(text) or {}
    for key, value in values.items():
        place = found
        for part in key.split("."):
            place = place[part]
        assert json.dumps(place) == json.dumps(value)
