"""Every text of a configuration, of whatever letters, is refused in lines of its file's name or kept as it is."""

import functools
import re

import pytest
import yaml
from odd_texts import BASE, CNN, READY, at, odd_texts, sections_of, text_keys, texts_of, with_key, with_text
from small import PARAMS, mapping

from gxn.configuration.files import check, load, write
from gxn.configuration.root import Configuration
from gxn.errors import GxnError

TEXTS = odd_texts(10)


@functools.cache
def base(kind: str = CNN) -> dict:
    """A whole configuration with a text at every key that takes one."""
    given = yaml.safe_load(BASE)
    merged = mapping(given, yaml.safe_load(kind), {"significance": {"control": "full"}})
    merged["methods"] = given["methods"]
    merged["encoders"] = {name: merged["encoders"][name] for name in ("cosine", "odd")}
    return check(merged, "base").model_dump(mode="json", exclude_unset=True)


def outcome(merged: dict) -> dict | None:
    """The configuration as a mapping; nothing where it is refused as it should be."""
    try:
        return check(merged, "mine.yaml").model_dump(mode="json", exclude_unset=True)
    except GxnError as error:
        lines = str(error).split("\n")
    wrong = [line for line in lines if not (line.startswith("mine.yaml: ") and line.isprintable())]
    assert not wrong and max(map(len, lines)) < 2000, wrong
    return None


def key(place: tuple) -> str:
    """The place of a text as the models have it."""
    parts = [part for part in place if not isinstance(part, int)]
    if parts[0] in ("methods", "encoders"):
        parts[1] = "{}"
    return "." + ".".join(parts)


def test_every_text_of_the_models_is_tried():
    tried = {key(place) for kind in (CNN, READY) for place in texts_of(base(kind))}
    assert {path for path in text_keys(Configuration) if not path.endswith("{}")} <= tried


PLACES = [*texts_of(base()), ("features", "file")]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_text_is_refused_or_kept(place):
    value = base(READY) if place == ("features", "file") else base()
    for text in TEXTS:
        if found := outcome(with_text(value, place, text)):
            assert text == "null" or at(found, place) == text


@pytest.mark.parametrize("place", list(sections_of(base())), ids=lambda place: ".".join(place))
def test_a_key_is_refused_or_a_name(place):
    for text in TEXTS:
        if found := outcome(with_key(base(), place, text)):
            assert re.fullmatch("[A-Za-z0-9][A-Za-z0-9_]*", text) and text in at(found, place)


@pytest.mark.parametrize("row", [{"negatives": "all"}, {"joint": {"learning_rate": float("nan")}}])
def test_a_row_is_named_in_one_line(row):
    for text in TEXTS:
        assert outcome(base() | {"methods": base()["methods"] | {text: row}}) is None


def test_jobs_read_labels_and_paths_as_they_are(tmp_path):
    kept = {}
    for row, text in enumerate(TEXTS):
        for name in ("label", "file"):
            changed = with_text(base(), ("methods", "foreign", name), text)
            if outcome(changed):
                kept[f"row{row}{name}"] = changed["methods"]["foreign"]
    assert len(kept) > 80
    config = check(base() | {"methods": base()["methods"] | kept}, "mine.yaml")
    write(tmp_path / "job.yaml", config)
    assert load([tmp_path / "job.yaml"]) == config


def test_defaults_have_no_such_texts():
    assert not {at(PARAMS, place) for place in texts_of(PARAMS)} & set(TEXTS)
