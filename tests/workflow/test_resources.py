"""Requests of jobs to the machine: memory by their inputs, cards by the configuration."""

import re
from types import SimpleNamespace

import pytest
from plans import ROOT, plan
from workflow import resources

RULES = sorted((ROOT / "workflow/rules").glob("*.smk"))


class Inputs(dict):
    """Snakemake's input files, by name."""


@pytest.fixture
def files(tmp_path):
    """Inputs of two and five megabytes."""
    for name, size in (("features", 2_000_000), ("tokens", 5_000_000)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    return Inputs(features=str(tmp_path / "features"), tokens=str(tmp_path / "tokens"), other="absent")


def test_memory_is_a_base_and_copies_of_the_inputs(files):
    assert resources.memory(100)(None, files, 1) == 100 + 2 * 2 + 20 * 5


def test_an_input_may_be_several_files(files):
    several = Inputs(features=[files["features"], files["tokens"]], tokens=[])
    assert resources.memory(100)(None, several, 1) == 100 + 2 * (2 + 5)


def test_a_rule_may_say_how_many_copies_it_holds(files):
    assert resources.memory(100, features=0, tokens=1)(None, files, 1) == 105


def test_each_further_attempt_asks_for_as_much_again(files):
    needed = resources.memory(100)
    assert needed(None, files, 3) == 3 * needed(None, files, 1)


def test_processes_hold_their_own_copies(files):
    assert resources.memory(100, 4)(None, files, 1) == 4 * resources.memory(100)(None, files, 1)


@pytest.mark.parametrize(("device", "cards", "here"), [("cpu", 0, "/usr/bin/nvidia-smi"), ("cuda", 1, None)])
def test_a_device_that_is_named_is_asked_for_wherever_snakemake_runs(device, cards, here, monkeypatch):
    monkeypatch.setattr(resources, "which", lambda name: here)
    assert resources.cards(SimpleNamespace(device=device)) == cards


@pytest.mark.parametrize(("found", "cards"), [(None, 0), ("/usr/bin/nvidia-smi", 1)])
def test_auto_asks_the_machine(found, cards, monkeypatch):
    monkeypatch.setattr(resources, "which", lambda name: found)
    assert resources.cards(SimpleNamespace(device="auto")) == cards


def test_processes_are_started_by_torchrun():
    assert resources.launch(1) == "python -m"
    assert resources.launch(4) == "torchrun --standalone --nproc-per-node 4 -m"


def test_wider_networks_ask_for_more():
    narrow, wide = (plan(f"model: {{joint_dim: {width}}}").config for width in (128, 2048))
    assert resources.networks(wide) - resources.networks(narrow) == 2048 - 128


def test_two_trainings_of_the_default_fit_the_default_profile():
    """Features of the default are 7 MB, tokens 1 MB."""
    job = resources.networks(plan().config) + resources.COPIES["features"] * 7 + resources.COPIES["tokens"]
    assert 2 * job <= 3500


def rules():
    """The text of every rule that runs something itself."""
    texts = [re.split(r"^ *rule (\w+):", path.read_text(), flags=re.MULTILINE)[1:] for path in RULES]
    found = {name: body for text in texts for name, body in zip(text[::2], text[1::2], strict=True)}
    bodies = {name: body.partition("\nuse rule ")[0] for name, body in found.items() if "shell:" in body}
    bodies.pop("study")  # runs Snakemake, whose rules have theirs
    return bodies


@pytest.mark.parametrize(("name", "body"), rules().items(), ids=rules())
def test_every_rule_has_a_log_and_states_its_memory_and_heavy_ones_are_timed(name, body):
    assert "log:" in body and "mem_mb=" in body
    assert "benchmark:" in body or "gpu=" not in body
