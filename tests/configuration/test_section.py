"""A section becomes a frozen, strictly typed object, or a message that names every wrong key."""

import math
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from gxn.configuration.section import (
    Colour,
    Count,
    FilePath,
    Flag,
    LastEpochs,
    Name,
    NullFromText,
    OptionalPath,
    Real,
    Section,
    Whole,
    choice,
    list_of,
    parse,
    parse_text,
    partial,
    used_plugins,
)
from gxn.errors import GxnError

Loss = choice("gxn.losses.ranking")


class Inner(Section):
    rate: Annotated[Real, Field(gt=0, lt=1)]


class Outer(Section):
    count: Count
    name: Name
    on: Flag
    sizes: list_of(Whole, 1, 3)
    inner: Annotated[Inner | None, NullFromText]
    way: Literal["up", "down"]
    loss: Loss
    inners: dict[Name, Inner]
    folder: FilePath
    file: OptionalPath = None
    colour: Colour = "#000000"
    text: Annotated[str, Field(min_length=2, max_length=3)] = "ab"
    last: LastEpochs = None


GOOD = {
    "count": 3, "name": "a", "on": True, "sizes": [1, 2], "inner": {"rate": 0.5}, "way": "up",
    "loss": {"kind": "hinge", "margin": 1}, "inners": {}, "folder": "my photographs/2024",
}  # fmt: skip


def test_a_mapping_becomes_its_section():
    made = parse(Outer, GOOD, "x")
    assert (made.count, made.name, made.on, made.way) == (3, "a", True, "up")


def test_lists_become_tuples():
    assert parse(Outer, GOOD, "x").sizes == (1, 2)


def test_mappings_become_sections():
    assert parse(Outer, GOOD, "x").inner == Inner(rate=0.5)


def test_null_is_kept_where_it_is_allowed():
    assert parse(Outer, GOOD | {"inner": None}, "x").inner is None


def test_a_whole_number_does_for_a_real_one():
    assert parse(Outer, GOOD, "x").loss.margin == 1.0


def test_a_section_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        parse(Outer, GOOD, "x").count = 4


NO_PATH = "contains braces or a control character, or begins with a dash; no path may, but ./- will do"
WRONG = [
    ({"counts": 1}, "counts: unknown key; did you mean 'count'?"),
    ({"count": "many"}, "count: must be a whole number, not 'many'"),
    ({"count": True}, "count: must be a whole number, not True"),
    ({"count": 2.5}, "count: must be a whole number, not 2.5"),
    ({"count": 2.0}, "count: must be a whole number, not 2.0"),
    ({"count": "1e3"}, "count: must be a whole number, not 1000.0"),
    ({"count": "2026-13-45"}, "count: must be a whole number, not '2026-13-45'"),
    ({"count": None}, "count: must be a whole number, not None"),
    ({"count": 0}, "count: must be at least 1, not 0"),
    ({"count": 10**9 + 1}, "count: must be at most 1000000000, not 1000000001"),
    ({"name": 5}, "name: must be text, not 5"),
    ({"name": "a b; rm"}, "name: 'a b; rm' is not a name; use letters, digits and _, and do not begin with _"),
    ({"name": "a\n"}, r"name: 'a\n' is not a name; use letters, digits and _, and do not begin with _"),
    ({"name": "_a"}, "name: '_a' is not a name; use letters, digits and _, and do not begin with _"),
    ({"name": "x" * 65}, f"name: must be at most 64 characters long, not '{'x' * 65}'"),
    ({"on": 1}, "on: must be true or false, not 1"),
    ({"on": "yes"}, "on: must be true or false, not 'yes'"),
    ({"sizes": 4}, "sizes: must be a list, not 4"),
    ({"sizes": []}, "sizes: must be a list of at least 1, not []"),
    ({"sizes": [1, 2, 3, 4]}, "sizes: must be a list of at most 3, not [1, 2, 3, 4]"),
    ({"sizes": [1, "b"]}, "sizes.1: must be a whole number, not 'b'"),
    ({"sizes": [1, 1]}, "sizes: a value is given twice"),
    ({"inner": {"rate": None}}, "inner.rate: must be a number, not None"),
    ({"inner": {"rate": "fast"}}, "inner.rate: must be a number, not 'fast'"),
    ({"inner": {"rate": "{"}}, "inner.rate: must be a number, not '{'"),
    ({"inner": {"rate": 0}}, "inner.rate: must be above 0, not 0"),
    ({"inner": {"rate": 1}}, "inner.rate: must be below 1, not 1"),
    ({"inner": {"rate": math.inf}}, "inner.rate: must be a finite number, not inf"),
    ({"inner": []}, "inner: must be a mapping of keys, not []"),
    ({"inner": {}}, "inner.rate: is missing"),
    ({"way": "left"}, "way: must be up or down, not 'left'"),
    ({"way": None}, "way: must be up or down, not None"),
    ({"loss": 5}, "loss: must be a mapping of keys, not 5"),
    ({"loss": {"margin": 1}}, "loss: has no kind; write it as {kind: NAME, ...}"),
    ({"loss": {"kind": "hinge", "margins": 1, "margin": 1}},
     "loss.margins: unknown key; did you mean 'margin'?"),
    ({"loss": {"kind": "hinge"}}, "loss.margin: is missing"),
    ({"loss": {"kind": "hinge", "margin": 0}}, "loss.margin: must be above 0, not 0"),
    ({"inners": 5}, "inners: must be a mapping of keys, not 5"),
    ({"inners": {"a b": {"rate": 0.5}}},
     "inners.a b: 'a b' is not a name; use letters, digits and _, and do not begin with _"),
    ({"inners": {"a\n\x1b": {"rate": 0.5}}},
     r"inners.'a\n\x1b': 'a\n\x1b' is not a name; use letters, digits and _, and do not begin with _"),
    ({"": 1}, "'': unknown key; known keys: " + ", ".join(sorted(Outer.model_fields))),
    ({"inners": {5: {"rate": 0.5}}}, "inners.5: must be text, not 5"),
    ({"inners": {"hinge": {"rat": 1, "rate": 0.5}}}, "inners.hinge.rat: unknown key; did you mean 'rate'?"),
    ({"folder": "a{b}"}, f"folder: 'a{{b}}' {NO_PATH}"),
    ({"folder": "a\nb"}, rf"folder: 'a\nb' {NO_PATH}"),
    ({"folder": "-a"}, f"folder: '-a' {NO_PATH}"),
    ({"folder": ""}, "folder: must be at least 1 character long, not ''"),
    ({"file": 5}, "file: must be text, not 5"),
    ({"colour": "red"}, "colour: 'red' is not a colour; write it as '#RRGGBB', in quotes"),
    ({"text": "abcd"}, "text: must be at most 3 characters long, not 'abcd'"),
    ({"last": -1}, "last: must be at least 0, not -1"),
    ({"last": "x"}, "last: must be a whole number, not 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_wrong_key_is_named(change, message):
    with pytest.raises(GxnError) as caught:
        parse(Outer, GOOD | change, "x")
    assert str(caught.value) == f"x: {message}"


def test_an_unknown_plugin_is_refused_with_those_there_are():
    with pytest.raises(GxnError, match=r"^x: loss\.kind: must be .*\bhardest\b.*\bhinge\b.*, not 'nope'$"):
        parse(Outer, GOOD | {"loss": {"kind": "nope"}}, "x")


def test_all_wrong_keys_are_named_at_once():
    with pytest.raises(GxnError) as caught:
        parse(Outer, GOOD | {"count": 0, "on": 1, "wey": "up"}, "x")
    assert [line.split(":")[1].strip() for line in str(caught.value).splitlines()] == ["count", "on", "wey"]


@pytest.mark.parametrize("value", [5, None, []])
def test_what_is_not_a_mapping_is_refused(value):
    with pytest.raises(GxnError, match=r"^x: the configuration: must be a mapping of keys, not"):
        parse(Inner, value, "x")


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(GxnError) as caught:
        parse(Outer, GOOD | {"way": "z" * 10_000}, "x")
    assert len(str(caught.value)) < 200


def test_a_key_that_contains_itself_is_refused():
    endless: dict = {"rate": 0.5}
    endless["rate"] = endless
    with pytest.raises(GxnError, match=r"^x: "):
        parse(Outer, GOOD | {"inner": endless}, "x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("010", 10), ("-1", -1), ("2e-05", 2e-5), ("1.5E3", 1500.0), (".5", 0.5),
        ("true", True), ("False", False), ("null", None), ("~", None),
        ("yes", "yes"), ("up", "up"), ("[1]", "[1]"), ("{", "{"), (7, 7), ([1], [1]),
    ],
)  # fmt: skip
def test_text_that_spells_a_value_is_that_value(text, value):
    found = parse_text(text)
    assert found == value and type(found) is type(value)


def test_snakemakes_command_line_gives_text_for_everything():
    spelt = GOOD | {
        "count": "3", "on": "true", "sizes": ["1", "2"], "inner": {"rate": "5e-1"},
        "loss": {"kind": "hinge", "margin": "1"}, "file": "null", "last": "null",
    }  # fmt: skip
    assert parse(Outer, spelt, "x") == parse(Outer, GOOD, "x")


def test_null_as_text_leaves_a_section_out():
    assert parse(Outer, GOOD | {"inner": "null"}, "x").inner is None


Pooling = choice("gxn.models.poolings")


class Pooled(Section):
    pooling: Pooling
    other: Annotated[Loss | None, NullFromText] = None


def test_the_name_of_a_plugin_without_parameters_is_enough():
    assert parse(Pooled, {"pooling": "mean"}, "x") == parse(Pooled, {"pooling": {"kind": "mean"}}, "x")


def test_the_name_of_a_plugin_with_parameters_is_not():
    with pytest.raises(GxnError, match=r"^x: other\.margin: is missing$"):
        parse(Pooled, {"pooling": "mean", "other": "hinge"}, "x")


def test_the_plugins_of_a_section_are_found_at_any_depth():
    made = parse(Pooled, {"pooling": "last", "other": {"kind": "hinge", "margin": 1}}, "x")
    assert used_plugins(made) == ["gxn.losses.ranking.hinge", "gxn.models.poolings.last"]


class TestPartial:
    def test_every_key_may_be_left_out(self):
        assert parse(partial(Inner), {}, "x").model_dump(exclude_unset=True) == {}

    def test_keys_that_are_given_are_kept(self):
        assert parse(partial(Inner), {"rate": 0.25}, "x").model_dump(exclude_unset=True) == {"rate": 0.25}

    def test_bounds_stay(self):
        with pytest.raises(GxnError, match=r"^x: rate: must be below 1, not 2$"):
            parse(partial(Inner), {"rate": 2}, "x")

    def test_null_is_a_value_only_where_it_was(self):
        with pytest.raises(GxnError, match=r"^x: rate: must be a number, not None$"):
            parse(partial(Inner), {"rate": None}, "x")
        made = parse(partial(Outer), {"last": None}, "x")
        assert made.model_dump(exclude_unset=True) == {"last": None}

    def test_unknown_keys_are_refused(self):
        with pytest.raises(GxnError, match=r"^x: rat: unknown key; did you mean 'rate'\?$"):
            parse(partial(Inner), {"rat": 0.5}, "x")


def test_bounds_stand_in_the_schema():
    schema = Outer.model_json_schema()["properties"]
    assert (schema["count"]["minimum"], schema["count"]["maximum"]) == (1, 10**9)
    assert schema["last"]["anyOf"][0]["maximum"] == 100_000
