"""Keys of earlier versions: each is refused with its new name, and the new name is a key."""

import pytest
from small import PHOTOGRAPHS, configuration, mapping

from gxn.configuration.renamed import RENAMED, renamed
from gxn.errors import GxnError

ENTRY = {"encoders": "order", "methods": "vse0"}  # a name where a key is in each entry of a section


def concrete(key: str) -> list[str]:
    """The parts of a key, `*` replaced by the name of an entry."""
    parts = key.split(".")
    return [ENTRY[parts[0]] if part == "*" else part for part in parts]


def nested(parts: list[str], value: object) -> dict:
    for part in reversed(parts):
        value = {part: value}
    return value


@pytest.mark.parametrize("old", RENAMED)
def test_a_key_of_an_earlier_version_is_refused_with_its_new_name(old):
    with pytest.raises(GxnError) as caught:
        configuration(nested(concrete(old), 1))
    name, new = (".".join(concrete(key)) for key in (old, RENAMED[old]))
    assert f"mine.yaml: {name}: renamed to {new}" in str(caught.value).splitlines()


@pytest.mark.parametrize("new", sorted(set(RENAMED.values())))
def test_the_new_name_is_a_key(new):
    """A value of no type that any key has: the message is about the value, not an unknown key."""
    *outer, last = concrete(new)
    base = PHOTOGRAPHS if new.startswith("dataset.source.") else {}
    with pytest.raises(GxnError) as caught:
        configuration(base, nested([*outer, last], object()))
    about = [line for line in str(caught.value).splitlines() if f" {'.'.join([*outer, last])}" in line]
    assert about and "unknown key" not in str(caught.value)


def test_todays_keys_have_no_other_name():
    assert renamed(mapping()) == []


@pytest.mark.parametrize("value", [5, None, [], {"order": 5}, {"order": None}])
def test_a_section_that_is_not_a_mapping_is_left_to_the_check(value):
    assert renamed({"encoders": value}) == []


def test_every_entry_is_named_by_its_own_name():
    config = {"methods": {"a": {"negatives": "sum"}, "b": {"joint": {"clip": 1}}}}
    assert renamed(config) == [
        "methods.a.negatives: renamed to methods.a.loss",
        "methods.b.joint.clip: renamed to methods.b.joint.max_grad_norm",
    ]
