"""Configuration files: read, laid over one another, checked, written as one that reads the same."""

import re

import pytest
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from small import EXPECTED, PARAMS, PHOTOGRAPHS, ROOT, configuration, mapping

from gxn.configuration.files import check, load, overlay, read, write
from gxn.errors import GxnError

SHIPPED = sorted((ROOT / "config").rglob("*.yaml"))


def test_files_are_laid_over_one_another_in_order(tmp_path):
    (tmp_path / "a.yaml").write_text("threads: 2\njoint: {epochs: 5, lr_gan: 2e-05}\n")
    (tmp_path / "b.yaml").write_text("joint: {epochs: 7}\n")
    config = load([ROOT / "params.yaml", tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert (config.threads, config.joint.epochs, config.joint.lr_gan) == (2, 7, 2e-5)


def test_what_is_given_above_goes_over_all_files():
    assert load([ROOT / "params.yaml"], {"joint": {"epochs": "9"}}).joint.epochs == 9


def test_a_message_names_the_files(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("treads: 2\n")
    with pytest.raises(GxnError) as caught:
        load([ROOT / "params.yaml", path])
    assert str(caught.value).startswith(f"{ROOT / 'params.yaml'} + {path}: treads: unknown key; did you mean")


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_every_shipped_configuration_is_valid(path):
    assert load([ROOT / "params.yaml", path]).rows


def test_some_configurations_are_shipped():
    assert {"coco", "flickr30k", "flickr8k", "local", "smoke"} <= {path.stem for path in SHIPPED}


def test_all_that_is_wrong_is_said_a_line_each():
    with pytest.raises(GxnError) as caught:
        check(mapping({"joint": {"lr_gan": 0, "epoch": 1}, "seeds": []}), "mine.yaml")
    assert str(caught.value).splitlines() == [
        "mine.yaml: seeds: must be a list of at least 1, not []",
        "mine.yaml: joint.lr_gan: must be above 0, not 0",
        "mine.yaml: joint.epoch: unknown key; did you mean 'epochs'?",
    ]


def test_a_number_that_is_not_finite_is_refused():
    with pytest.raises(GxnError, match=r"^mine\.yaml: joint\.lr_gan: must be a finite number, not inf$"):
        configuration({"joint": {"lr_gan": float("inf")}})


def test_a_key_of_another_version_is_refused_with_its_new_name():
    with pytest.raises(GxnError, match=r"^mine\.yaml: joint\.clip: renamed to joint\.max_grad_norm$"):
        configuration({"joint": {"clip": 1.0}})


@pytest.mark.parametrize("make", [lambda value: check(value, "x"), lambda value: load([], value)])
def test_a_key_that_contains_itself_is_refused(make):
    config = mapping()
    config["joint"]["epochs"] = config["joint"]
    with pytest.raises(GxnError, match=r": a key contains itself, by an anchor \(&\) and its alias \(\*\)$"):
        make(config)


def test_what_pyyaml_and_the_command_line_give_is_the_same_configuration():
    text = yaml.load((ROOT / "params.yaml").read_text("utf-8"), yaml.BaseLoader)
    assert text["features"]["resize"] == "null" and text["dataset"]["gan_image_size"] == "32"
    assert check(text, "--config") == configuration()


def test_null_on_the_command_line_leaves_a_row_out():
    assert load([ROOT / "params.yaml"], {"methods": {"vse0": "null"}}).methods["vse0"] is None


class TestOverlay:
    def test_mappings_go_key_by_key(self):
        below = {"joint": {"epochs": 3, "max_grad_norm": 2.0}}
        overlay(below, {"joint": {"epochs": 9}})
        assert below == {"joint": {"epochs": 9, "max_grad_norm": 2.0}}

    @pytest.mark.parametrize(
        ("old", "new"), [([0, 1], [4]), (None, "w"), (None, {"epochs": 1}), ({"a": 1}, None), ({"a": 1}, 5)]
    )
    def test_anything_else_is_replaced_whole(self, old, new):
        below = {"key": old}
        overlay(below, {"key": new})
        assert below == {"key": new}

    def test_another_kind_replaces_the_parameters(self):
        below = {"loss": {"kind": "hinge", "margin": 0.2}}
        overlay(below, {"loss": {"kind": "other", "temperature": 1}})
        assert below == {"loss": {"kind": "other", "temperature": 1}}

    @pytest.mark.parametrize("above", [{"margin": 0.1}, {"kind": "hinge", "margin": 0.1}])
    def test_the_same_kind_does_not(self, above):
        below = {"loss": {"kind": "hinge", "margin": 0.2, "other": 1}}
        overlay(below, {"loss": above})
        assert below == {"loss": {"kind": "hinge", "margin": 0.1, "other": 1}}

    def test_what_is_laid_over_is_not_shared(self):
        above, below = {"joint": {"a": {"b": 1}}}, {}
        overlay(below, above)
        below["joint"]["a"]["b"] = 2
        assert above == {"joint": {"a": {"b": 1}}}


class TestRead:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("xe: {epochs: 1}\nseeds: [1]\nseeds: [0]\n",
             "seeds (line 2), seeds (line 3): given more than once, and only the last would count"),
            ("joint:\n  match: [{a: 1, a: 2}]\n", "a (line 2), a (line 2): given more than once"),
            ("# seeds: [0]\n", "is empty; give it keys such as `seeds: [0]`, or leave the file out"),
            ("{}", "is empty"),
            ("- seeds\n", "must be a mapping of keys such as `seeds: [0]`, not a list"),
            ("seeds\n", "must be a mapping of keys such as `seeds: [0]`, not a str"),
            ("a: [\n", "cannot be read as YAML: "),
            ("a: !!python/object:os.system {}\n", "cannot be read as YAML: "),
        ],
    )  # fmt: skip
    def test_what_cannot_be_meant_is_refused(self, text, message, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        with pytest.raises(GxnError, match=f"^{re.escape(f'{path}: {message}')}"):
            read(path)

    def test_bytes_that_are_not_utf_8_are_refused(self, tmp_path):
        (tmp_path / "mine.yaml").write_bytes(b"a: \xff\n")
        with pytest.raises(GxnError, match=r"mine\.yaml: line 1: byte 0xff is not UTF-8"):
            read(tmp_path / "mine.yaml")

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(GxnError, match=r"mine\.yaml: there is no such file; name"):
            read(tmp_path / "mine.yaml")

    def test_an_alias_that_leads_back_is_refused(self, tmp_path):
        (tmp_path / "mine.yaml").write_text("a: &b {c: *b}\nd: {c: 1}\n")
        with pytest.raises(
            GxnError, match=r"mine\.yaml: expands to more than 100,000 keys and values, by anchors"
        ):
            read(tmp_path / "mine.yaml")

    def test_aliases_that_multiply_are_refused_before_they_are_written_out(self, tmp_path):
        lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
        lines += [f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(30)]
        (tmp_path / "mine.yaml").write_text("\n".join(lines))
        with pytest.raises(
            GxnError, match=r"mine\.yaml: expands to more than 100,000 keys and values, by anchors"
        ):
            read(tmp_path / "mine.yaml")

    def test_an_alias_stands_for_its_value(self, tmp_path):
        (tmp_path / "mine.yaml").write_text("a: &b {c: 1}\nd: *b\n")
        assert read(tmp_path / "mine.yaml") == {"a": {"c": 1}, "d": {"c": 1}}

    @pytest.mark.filterwarnings("ignore::ruamel.yaml.error.ReusedAnchorWarning")
    @pytest.mark.parametrize("parser", [(), (YAML().load, YAMLError)], ids=["PyYAML", "ruamel"])
    def test_an_anchor_given_twice_is_refused(self, parser, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text("a: &b 1\nc: &b 2\n")
        with pytest.raises(GxnError, match=r"mine\.yaml: cannot be read as YAML: found duplicate anchor 'b'"):
            read(path, *parser)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        PHOTOGRAPHS | {"dataset": {"source": PHOTOGRAPHS["dataset"]["source"] | {"expected_counts": None}}},
        {"methods": {"vse0": {"joint": {"lr_decay_epoch": None}}, "order": None}},
        {"encoders": {"order": {"retrieval": {"word_embeddings": "own"}}}},
    ],
)
def test_a_written_configuration_reads_the_same(changes, tmp_path):
    config = configuration(changes)
    write(tmp_path / "all.yaml", config)
    assert load([tmp_path / "all.yaml"]) == config


def test_a_written_configuration_says_what_was_said(tmp_path):
    write(tmp_path / "all.yaml", configuration())
    written = yaml.safe_load((tmp_path / "all.yaml").read_text())
    filled = dict.fromkeys(("methods", "retrieval", "encoders"))  # a plug-in's name becomes its kind
    assert written | filled == PARAMS | filled


def test_expected_counts_are_all_needed():
    changes = {"dataset": {"source": {"expected_counts": dict.fromkeys(EXPECTED)}}}
    with pytest.raises(GxnError, match=r"dataset\.source\.expected_counts\.val: must be a whole number"):
        configuration(PHOTOGRAPHS, changes)
