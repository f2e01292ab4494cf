"""Sections become dataclasses, strictly; the whole configuration is checked with messages that name keys."""

import copy
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gxn import sections
from gxn.config import parse
from gxn.datasets.scenes import BOUNDS
from gxn.errors import GxnError
from gxn.features.extract import FeaturesConfig
from gxn.models.encoders import EncoderConfig
from gxn.models.widths import ModelConfig
from gxn.schema import check, classifiers, is_fetched, overlay, read_config
from gxn.similarities import SIMILARITIES
from gxn.training.drawing import DrawingConfig
from gxn.training.matching import MatchingConfig
from gxn.training.stages import TrainingConfig

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "workflow" / "schemas" / "params.schema.yaml"
TEXT = (ROOT / "params.yaml").read_text()
PARAMS = yaml.safe_load(TEXT)


def test_the_schema_knows_every_similarity():
    encoders = yaml.safe_load(SCHEMA.read_text())["properties"]["encoders"]
    assert encoders["additionalProperties"]["properties"]["similarity"]["enum"] == list(SIMILARITIES)


@pytest.mark.parametrize(
    ("section", "place"),
    [
        (EncoderConfig, "retrieval"),
        (ModelConfig, "model"),
        (TrainingConfig, "training"),
        (FeaturesConfig, "features"),
        (DrawingConfig, "drawing"),
        (MatchingConfig, "methods.additionalProperties"),
    ],
)
def test_the_schema_allows_the_words_that_the_steps_do(section, place):
    schema = yaml.safe_load(SCHEMA.read_text())["properties"]
    for name in place.split("."):
        schema = schema[name]
    words = {
        key: list(get_args(hint))
        for key, hint in get_type_hints(section).items()
        if get_origin(hint) is Literal
    }
    assert words and {key: schema["properties"][key]["enum"] for key in words} == words


@pytest.mark.parametrize("key", BOUNDS)
def test_the_schema_has_the_bounds_of_the_scenes(key):
    small = merged(
        PARAMS, {name: {"batch": 2} for name in ("training", "drawing")} | {"features": {"crop": 32}}
    )
    for value, wrong in zip(BOUNDS[key], (BOUNDS[key][0] - 1, BOUNDS[key][1] + 1), strict=True):
        check(merged(small, {"scenes": {key: value}}), SCHEMA, "mine.yaml")
        with pytest.raises(GxnError, match=rf"scenes\.{key}: {wrong} is (less|greater) than the"):
            check(merged(PARAMS, {"scenes": {key: wrong}}), SCHEMA, "mine.yaml")


@dataclass(frozen=True)
class Inner:
    rate: float


@dataclass(frozen=True)
class Outer:
    count: int
    name: str
    on: bool
    sizes: tuple[int, ...]
    inner: Inner | None
    way: Literal["up", "down"]


GOOD = {"count": 3, "name": "a", "on": True, "sizes": [1, 2], "inner": {"rate": 1}, "way": "up"}


def test_a_section_becomes_its_dataclass():
    assert parse(Outer, GOOD, "x") == Outer(3, "a", True, (1, 2), Inner(1.0), "up")
    assert parse(Outer, GOOD | {"inner": None}, "x").inner is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": 1}, r"x\.counts: unknown key; did you mean 'count'\?"),
        ({"count": "3"}, r"x\.count: must be int, not '3'"),
        ({"count": True}, r"x\.count: must be int, not True"),
        ({"count": 2.5}, r"x\.count: must be int, not 2\.5"),
        ({"on": 1}, r"x\.on: must be bool"),
        ({"sizes": 4}, r"x\.sizes: must be a list"),
        ({"sizes": [1, "b"]}, r"x\.sizes: must be int, not 'b'"),
        ({"inner": {"rate": None}}, r"x\.inner\.rate: must be float"),
        ({"inner": []}, r"x\.inner: must be a mapping"),
        ({"way": "left"}, r"x\.way: must be up or down, not 'left'"),
        ({"way": None}, r"x\.way: must be up or down, not None"),
        ({"inner": {}}, r"x\.inner\.rate: is missing"),
    ],
)
def test_what_is_wrong_is_named(change, message):
    with pytest.raises(GxnError, match=message):
        parse(Outer, GOOD | change, "x")


EXPECTED = {"train": 6000, "val": 1000, "test": 1000, "captions": 5}
PHOTOGRAPHS = {
    "dataset": {"source": "karpathy", "images": "a", "captions": "b.json", "expect": EXPECTED},
    "cnn": {"weights": "c.safetensors"},
}


def merged(base, above):
    result = copy.deepcopy(base)
    overlay(result, above)
    return result


def test_an_overlay_goes_key_by_key():
    below = {"joint": {"epochs": 3, "clip": 2.0}, "seeds": [0, 1], "cnn": {"weights": None}, "gan": None}
    overlay(below, {"joint": {"epochs": 9}, "seeds": [4], "cnn": {"weights": "w"}, "gan": {"epochs": 1}})
    assert below == {
        "joint": {"epochs": 9, "clip": 2.0},
        "seeds": [4],
        "cnn": {"weights": "w"},
        "gan": {"epochs": 1},
    }


@pytest.mark.parametrize("path", ["data/raw/coco", "data/raw/resnet152.safetensors", "./data/raw/a/b.json"])
def test_the_workflow_fetches_what_is_named_under_data_raw(path):
    assert is_fetched(path)


@pytest.mark.parametrize(
    "path", ["data/rawest/coco", "data/raw", "/data/raw/coco", "../data/raw/coco", "a.json"]
)
def test_any_other_path_is_the_users(path):
    assert not is_fetched(path)


def test_an_encoder_has_what_all_have_and_its_own():
    config = merged(PARAMS, {"encoders": {"order": {"retrieval": {"words": "own"}}}})
    found = {name: sections.encoder(config, name) for name in config["encoders"]}
    assert found["order"] == PARAMS["encoders"]["order"] | PARAMS["retrieval"] | {"words": "own"}
    assert found["two_space"] == PARAMS["encoders"]["two_space"] | PARAMS["retrieval"]


def test_the_keys_of_the_choices_are_there():
    """Each gap of docs/choices.md names keys that params.yaml has; `*` is every entry of a section."""
    lines = (ROOT / "docs" / "choices.md").read_text().partition("\n## ")[0].splitlines()
    rows = [re.findall(r"`([a-z0-9_.*]+)`", line.split("|")[2]) for line in lines if line.startswith("|")][2:]
    assert len(rows) > 25 and all(rows)
    for key in (key for keys in rows for key in keys if key != "methods.*.joint"):
        sections = [PARAMS]
        for part in key.split("."):
            sections = [
                value
                for section in sections
                for value in (section.values() if part == "*" else [section[part]])
            ]


@pytest.mark.parametrize("name", ["coco", "dose", "flickr30k", "flickr8k", "local", "smoke"])
def test_every_shipped_configuration_is_valid(name):
    path = ROOT / "config" / f"{name}.yaml"
    check(merged(PARAMS, yaml.safe_load(path.read_text())), SCHEMA, path.name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"joint": {"learnin_rate": 1}}, r"joint\.learnin_rate: unknown key; did you mean 'learning_rate'\?"),
        ({"seeds": []}, r"seeds: \[\] should be non-empty|seeds: \[\] is too short"),
        (
            {"encoders": {"cosine": {"retrieval": {"normalise": False}}}},
            r"encoders\.cosine: a cosine is of normalised embeddings; set retrieval\.normalise",
        ),
        (
            {"encoders": {"order": {"retrieval": {"word": "own"}}}},
            r"encoders\.order\.retrieval\.word: unknown key; did you mean 'words'\?",
        ),
        (
            {"captioning": {"reward_cider_d": 0}},
            r"captioning: reward_cider_d and reward_bleu_4 are both 0; give one a weight",
        ),
        (
            {"drawing": {"discriminator_grounds": True}, "joint": {"ground_text_rate": 0}},
            r"drawing\.discriminator_grounds: would move the text encoder of gxn_t2i at joint\.ground_text_rate",
        ),
        ({"drawing": {"beta1": 1}}, r"drawing\.beta1: 1 is greater than or equal to the maximum of 1"),
        ({"model": {"word": "wide"}}, r"model\.word: 'wide' is not of type 'integer'"),
        ({"methods": {"new": {"encoder": "cosine"}}}, r"methods\.new\.negatives: is missing"),
        (
            {"methods": {"vse0": {"encoder": "none"}}},
            r"methods\.vse0\.encoder: no encoder 'none'; there are cosine",
        ),
        ({"methods": {"vse0": {"joint": {"rate": 1}}}}, r"methods\.vse0\.joint\.rate: unknown key"),
        ({"methods": {"two_space": None}}, r"significance\.control: no row 'two_space'"),
        ({"drawing": {"batch": 500}}, r"drawing\.batch: more than training\.batch \(128\)"),
        ({"dataset": {"source": "karpathy"}}, r"dataset\.images: None is not of type 'string'"),
        ({"finetune": {"methods": ["vse9"]}}, r"finetune\.methods: no row 'vse9' among the methods"),
        (
            {
                "finetune": {"methods": ["vse0"]},
                "methods": {"vse0_ft": PARAMS["methods"]["vse0"]},
            },
            r"methods\.vse0_ft: is the name of the row that finetune makes of vse0",
        ),
        ({"finetune": {"processes": 3}}, r"finetune\.processes: 3 cannot share training\.batch evenly"),
        ({"finetune": {"smallest": 1.5}}, r"finetune\.smallest: 1\.5 is greater than the maximum of 1"),
        ({"significance": {"resamples": 90}}, r"significance\.resamples: 90 is less than the minimum of 100"),
        ({"significance": {"resamples": 200.0}}, r"significance\.resamples: 200\.0 is not of type 'integer'"),
        ({"scenes": {"size": 16}}, r"scenes\.size: 16 is less than the minimum of 32"),
        ({"scenes": {"val": 1}}, r"scenes\.val: 1 is less than the minimum of 2"),
        ({"seeds": [2**63]}, rf"seeds\.0: {2**63} is greater than the maximum of"),
        ({"threads": 10**6}, r"threads: 1000000 is greater than the maximum of 1024"),
        (
            {"features": {"resize": 32}},
            r"features\.resize: 32 is smaller than features\.crop, 64; raise it",
        ),
        ({"features": {"crop": 65}}, r"features\.crop: 65 is larger than scenes\.size, 64; lower it"),
        (
            {"scenes": {"train": 20}},
            r"training\.batch: 128 is more than the 100 captions of the training split; lower it",
        ),
        (
            {"cnn": {"name": "mobilnet_v2"}},
            r"cnn\.name: torchvision has no classification model 'mobilnet_v2'; did you mean 'mobilenet_v2'\?",
        ),
        (
            {"cnn": {"pretrain": {"images": 31}}},
            r"cnn\.pretrain\.batch: more than cnn\.pretrain\.images \(31\)",
        ),
        ({"cnn": {"pretrain": {"size": 16}}}, r"cnn\.pretrain\.size: 16 is less than the minimum of 32"),
        (
            {"evaluate": {"protocols": ["full", "5k"]}},
            r"evaluate\.protocols: 5k needs exactly 5,000 images, the test split has 500; use full",
        ),
        (
            PHOTOGRAPHS | {"evaluate": {"protocols": ["1k-5fold"]}},
            r"evaluate\.protocols: 1k-5fold needs 5,000 images, the test split has 1,000; use full",
        ),
        (
            PHOTOGRAPHS | {"dataset": PHOTOGRAPHS["dataset"] | {"expect": {"train": 20}}},
            r"dataset\.expect\.val: is missing",
        ),
        ({"dataset": {"name": "a b; rm"}}, r"dataset\.name: 'a b; rm' is no name: letters"),
    ],
)
def test_what_a_configuration_may_not_say(change, message):
    with pytest.raises(GxnError, match="mine.yaml: " + message):
        check(merged(PARAMS, change), SCHEMA, "mine.yaml")


def test_problems_come_in_one_order():
    names = [f"cosine{number}" for number in range(8)]
    changes = {
        "retrieval": {"normalise": False},
        "encoders": dict.fromkeys(names, PARAMS["encoders"]["cosine"]),
        "methods": {name: PARAMS["methods"]["vse0"] | {"encoder": name} for name in names},
    }
    with pytest.raises(GxnError) as caught:
        check(merged(PARAMS, changes), SCHEMA, "mine.yaml")
    assert re.findall(r"encoders\.(\w+): a cosine", str(caught.value)) == ["cosine", *names]


def test_a_batch_is_left_to_the_tokens_where_captions_are_the_users():
    """`expect` has the least number of an image's captions: there may be more."""
    few = {"expect": EXPECTED | {"train": 100, "captions": 1}}
    check(merged(PARAMS, PHOTOGRAPHS | {"dataset": PHOTOGRAPHS["dataset"] | few}), SCHEMA, "mine.yaml")


def test_a_protocol_is_left_to_the_evaluation_where_no_count_is_given():
    photographs = PHOTOGRAPHS | {"evaluate": {"protocols": ["5k", "1k-5fold"]}}
    for expect in (None, EXPECTED | {"test": 5000}):
        photographs["dataset"] = photographs["dataset"] | {"expect": expect}
        check(merged(PARAMS, photographs), SCHEMA, "mine.yaml")


@pytest.mark.parametrize("text", ["2e-05", "1e-4", "1.5E3", ".5e0", "1.0e1"])
def test_a_number_with_an_exponent_is_one_in_every_yaml(text):
    change = yaml.safe_load(
        f"{{joint: {{draw_rate: {text}}}, methods: {{vse0: {{joint: {{clip: {text}}}}}}}}}"
    )
    assert change["joint"]["draw_rate"] == text, "YAML 1.1 takes it for text"
    config = merged(PARAMS, change)
    check(config, SCHEMA, "mine.yaml")
    assert config["joint"]["draw_rate"] == config["methods"]["vse0"]["joint"]["clip"] == float(text)


def test_the_classification_models_are_torchvisions():
    from torchvision import models

    assert sorted(classifiers()) == sorted(models.list_models(module=models))


def test_the_command_line_gives_text_for_everything():
    config = yaml.load(TEXT, yaml.BaseLoader)
    assert config["features"]["resize"] == "null" and config["dataset"]["thumbnail"] == "32"
    check(config, SCHEMA, "--config")
    assert config == PARAMS
    overlay(config, {"features": {"resize": "256"}, "methods": {"vse0": "null"}})
    check(config, SCHEMA, "--config")
    assert config["features"]["resize"] == 256 and config["methods"]["vse0"] is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeds: [0]\nxe: {epochs: 1}\nseeds: [1]\n", "seeds (line 1), seeds (line 3): given more than once"),
        ("joint:\n  match: [{a: 1, a: 2}]\n", "a (line 2), a (line 2): given more than once"),
        ("a: &b {c: *b}\nd: {c: 1}\n", None),
        ("# seeds: [0]\n", "mine.yaml: holds nothing"),
    ],
)
def test_a_file_without_keys_or_with_one_twice_is_refused(text, message, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    if message is None:
        assert set(read_config(path)) == {"a", "d"}
        return
    with pytest.raises(GxnError, match=re.escape(message)):
        read_config(path)


@pytest.mark.filterwarnings("ignore::ruamel.yaml.error.ReusedAnchorWarning")
@pytest.mark.parametrize("parser", [(), (YAML().load, YAMLError)], ids=["PyYAML", "ruamel"])
def test_an_anchor_given_twice_is_refused(parser, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("a: &b 1\nc: &b 2\n")
    with pytest.raises(GxnError, match=r"mine\.yaml: cannot be read as YAML: found duplicate anchor 'b'"):
        read_config(path, *parser)


def test_a_key_that_contains_itself_is_refused():
    config = merged(PARAMS, {})
    config["joint"] = {"epochs": config["joint"]}
    config["joint"]["epochs"]["epochs"] = config["joint"]
    with pytest.raises(GxnError, match=r"mine\.yaml: (a key contains itself|joint\.epochs)"):
        check(config, SCHEMA, "mine.yaml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"joint": {"draw_rate": "fast"}}, r"joint\.draw_rate: 'fast' is not of type 'number'"),
        ({"joint": {"draw_rate": "{"}}, r"joint\.draw_rate: '{' is not of type 'number'"),
        ({"joint": {"draw_rate": "-1e-4"}}, r"joint\.draw_rate: -0\.0001 is less than or equal to"),
        ({"joint": {"draw_rate": "1e999"}}, r"joint\.draw_rate: must be a finite number, not inf"),
        ({"joint": {"epochs": "1e3"}}, r"joint\.epochs: '1e3' is not of type 'integer'"),
        ({"joint": {"epochs": "2026-13-45"}}, r"joint\.epochs: '2026-13-45' is not of type 'integer'"),
    ],
)
def test_other_text_is_no_number(change, message):
    with pytest.raises(GxnError, match="mine.yaml: " + message):
        check(merged(PARAMS, change), SCHEMA, "mine.yaml")
