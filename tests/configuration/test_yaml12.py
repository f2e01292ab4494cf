"""YAML 1.2's numbers and truth values, where PyYAML's are those of 1.1."""

import datetime

import pytest
import yaml
from ruamel.yaml import YAML

from gxn.configuration import yaml12
from gxn.configuration.section import parse_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2e-05", 2e-5), ("1e-4", 1e-4), ("1.5E3", 1500.0), (".5e0", 0.5), ("1.0e1", 10.0), ("1e3", 1000.0),
        ("010", 10), ("+5", 5), ("-0", 0), ("0x10", "0x10"), ("0o10", "0o10"), ("1_000", "1_000"),
        ("12:30", "12:30"), ("true", True), ("FALSE", False), ("yes", "yes"), ("off", "off"), ("y", "y"),
        ("null", None), ("~", None), ("", None), ("'5'", "5"), ("[1, a]", [1, "a"]), ("{a: 1}", {"a": 1}),
    ],
)  # fmt: skip
def test_a_scalar_is_what_version_1_2_says(text, value):
    found = yaml12.load(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "010",
        "+5",
        "-0",
        "08",
        "2e-05",
        "1e3",
        ".5e0",
        "1.",
        "0x10",
        "0o10",
        "1_000",
        "12:30",
        "TRUE",
        "yes",
        "off",
        "~",
        "1e",
    ],
)
def test_dvcs_parser_reads_the_same_number_or_the_text_is_refused(text):
    found, theirs = yaml12.load(text), YAML(typ="safe").load(text)
    assert found == parse_text(theirs) or isinstance(found, str)


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan"])
def test_numbers_that_are_not_finite_can_be_spelt(text):
    assert isinstance(yaml12.load(text), float)


def test_the_safe_loader_of_pyyaml_is_as_it_was():
    assert yaml.safe_load("[010, yes, 2e-05]") == [8, True, "2e-05"]


@pytest.mark.parametrize("text", ["!!python/object/apply:os.getcwd []", "!!python/name:os.getcwd"])
def test_nothing_is_executed(text):
    with pytest.raises(yaml.YAMLError):
        yaml12.load(text)


def test_a_date_is_one():
    assert yaml12.load("2024-05-06") == datetime.date(2024, 5, 6)


@pytest.mark.parametrize(
    "text", ["1e3", "2e-05", "010", ".5e0", "yes", "off", "12:30", "1_000", "0x10", "null", "+5", "a"]
)
@pytest.mark.parametrize("read", [yaml12.load, yaml.safe_load])
def test_a_text_is_one_in_both_versions(text, read):
    assert read(yaml12.dump({"label": text})) == {"label": text}


@pytest.mark.parametrize("value", [True, None, 3, 2e-5, 1e20, 0.1, float("inf"), [1, "a"], {"b": 1, "a": 2}])
def test_a_value_comes_back(value):
    assert yaml12.load(yaml12.dump({"x": value})) == {"x": value}
