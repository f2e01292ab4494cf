"""dvc.yaml made from the configuration, and the fingerprints by which DVC knows what has changed."""

import errno
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from plans import OWN, PLAIN, ROOT, TUNED, plan
from workflow import phases, pipeline
from workflow.plan import Plan

from gxn.configuration.files import load
from gxn.errors import GxnError

COMMITTED = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
PHASES = list(phases.TARGETS)


def paths(entries):
    """Paths of outs or metrics."""
    return [next(iter(entry)) for entry in entries]


def outs(*texts):
    """Outs of each stage of a configuration, metrics included."""
    stages = pipeline.pipeline(plan(*texts))["stages"]
    return {name: paths([*stage["outs"], *stage.get("metrics", [])]) for name, stage in stages.items()}


# dvc.yaml


def test_the_committed_file_is_that_of_the_committed_configuration():
    made = pipeline.text(pipeline.pipeline(Plan(load([ROOT / "params.yaml"]))))
    assert made == COMMITTED, "run `uv run python workflow/pipeline.py configure`"


def test_stages_are_fingerprints_phases_and_what_closes_the_run():
    assert list(outs()) == ["fingerprints", *PHASES, "provenance"]


def test_every_out_persists():
    stages = yaml.safe_load(COMMITTED)["stages"].values()
    entries = [entry for stage in stages for kind in ("outs", "metrics") for entry in stage.get(kind, [])]
    assert all(next(iter(entry.values())) == {"persist": True} for entry in entries)


@pytest.mark.parametrize("texts", [[], [OWN], [TUNED], [PLAIN]])
def test_a_stage_reads_what_an_earlier_one_makes_or_what_nobody_makes(texts):
    stages, made = pipeline.pipeline(plan(*texts))["stages"], []
    folders = ("data/", "results/", ".snakemake/")
    for name, stage in stages.items():
        reads = [dep for dep in stage["deps"] if dep.startswith(folders)]
        assert [dep for dep in reads if dep not in made] == [], name
        made += paths([*stage["outs"], *stage.get("metrics", [])])


def test_the_records_of_snakemake_travel_and_wait_for_the_tables():
    stages = pipeline.pipeline(plan())["stages"]
    assert paths(stages["provenance"]["outs"]) == [".snakemake/metadata"]
    assert stages["provenance"]["deps"] == paths(stages["tables"]["outs"])


def test_the_fingerprints_depend_on_all_settings_and_all_code():
    stage = pipeline.pipeline(plan())["stages"]["fingerprints"]
    assert stage["params"] == [{"params.yaml": None}] and stage["deps"] == ["src/gxn", "workflow"]


def test_plots_are_of_what_is_trained():
    found = [next(iter(each)) for each in pipeline.plots(plan(PLAIN))]
    assert found == [
        "image-to-text",
        "text-to-image",
        "results/scenes/curves/pretrain_ranking",
        "results/scenes/curves/joint",
    ]


# configure


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder with the files that `configure` reads and writes."""
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(pipeline, "ROOT", tmp_path)
    return tmp_path


def configured(root, text):
    """Values of params.yaml after it was overlaid with `text`."""
    (root / "mine.yaml").write_text(text, encoding="utf-8")
    pipeline.configure([str(root / "mine.yaml")])
    return yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))


def test_both_files_follow_an_overlay(root):
    config = configured(root, "seeds: [4]\nmethods: {vse0: null}\ncnn: {weights: w.safetensors}")
    assert config["seeds"] == [4] and "vse0" not in config["methods"]
    written = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))
    assert "w.safetensors" in written["stages"]["features"]["deps"]


def test_reasons_stay_in_params(root):
    configured(root, "joint: {learning_rate: 2e-5}")
    before = (ROOT / "params.yaml").read_text(encoding="utf-8").count("#")
    after = (root / "params.yaml").read_text(encoding="utf-8")
    assert after.count("#") == before and "learning_rate: 2e-5" in after


def test_without_a_file_only_dvc_yaml_is_written(root):
    (root / "dvc.yaml").write_text("stages: {}\n")
    before = (root / "params.yaml").read_bytes()
    pipeline.configure([])
    assert (root / "dvc.yaml").read_text(encoding="utf-8") == COMMITTED
    assert (root / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("joint: [1\n", "cannot be read as YAML: while parsing a flow sequence"),
        ("seeds: [1]\nseeds: [2]\n", "cannot be read as YAML: while constructing a mapping"),
        ("- joint\n", "must be a mapping of keys"),
        ("methods: 3\n", "methods: must be a mapping of keys, not 3"),
        ("joint: {learnin_rate: 1}\n", "joint.learnin_rate: unknown key; did you mean 'learning_rate'?"),
        ("warmup: {epochs: 1}\n", "warmup: renamed to pretrain_ranking"),
    ],
)
def test_a_file_that_is_no_overlay_is_named_and_changes_nothing(root, text, message):
    with pytest.raises(GxnError, match=rf"mine\.yaml: {re.escape(message)}"):
        configured(root, text)
    for name in ("params.yaml", "dvc.yaml"):
        assert (root / name).read_bytes() == (ROOT / name).read_bytes()


def test_an_absent_file_is_named(root):
    with pytest.raises(GxnError, match=r"no\.yaml: there is no such file; name files"):
        pipeline.configure(["no.yaml"])


def test_a_full_disk_leaves_both_files_whole(root, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(GxnError, match=r"params\.yaml: cannot be written: .*; make room there"):
        configured(root, "cnn: {weights: w.safetensors}")
    for name in ("params.yaml", "dvc.yaml"):
        assert (root / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_command_fails_in_one_line(tmp_path):
    (tmp_path / "mine.yaml").write_text("- joint\n")
    command = [sys.executable, str(ROOT / "workflow/pipeline.py"), "configure", str(tmp_path / "mine.yaml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"error: .*mine\.yaml: must be a mapping of keys.*\n", done.stderr)


@pytest.mark.parametrize("words", [[], ["repro"], ["fingerprints", "x"]])
def test_other_commands_are_refused(words):
    with pytest.raises(GxnError, match=r"say `configure \[FILES\]` or `fingerprints`"):
        pipeline.main(words)


def test_another_copys_code_is_refused(monkeypatch):
    monkeypatch.setattr(pipeline.gxn.errors, "__file__", "/other/src/gxn/errors.py")
    with pytest.raises(GxnError, match="gxn was imported from /other/src/gxn"):
        pipeline.main(["fingerprints"])


def test_fingerprints_are_a_file_for_each_phase(root, monkeypatch):
    monkeypatch.setattr(pipeline.gxn.errors, "__file__", str(root / "src/gxn/errors.py"))
    pipeline.main(["fingerprints"])
    found = sorted(path.stem for path in (root / "results/fingerprints").iterdir())
    assert found == sorted(PHASES)
    assert Path(phases.FINGERPRINT.format(phase="data")).as_posix() in COMMITTED
