"""dvc.yaml made from the configuration, and the fingerprints by which DVC knows what has changed."""

import errno
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePath

import pytest
import settings
import yaml
from plans import OWN, PLAIN, ROOT, TUNED, plan
from workflow import pipeline
from workflow.plan import Plan

from gxn.configuration.files import check, load
from gxn.errors import GxnError

COMMITTED = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
PHASES = list(pipeline.TARGETS)


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


def test_a_phase_is_a_target_of_the_snakefile():
    stages = yaml.safe_load(COMMITTED)["stages"]
    targets = [word for phase in PHASES for word in stages[phase]["cmd"].removeprefix("snakemake ").split()]
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert [name for name in targets if not re.search(rf"^rule {name}:", rules, re.MULTILINE)] == []


def test_every_out_persists():
    stages = yaml.safe_load(COMMITTED)["stages"].values()
    entries = [entry for stage in stages for kind in ("outs", "metrics") for entry in stage.get(kind, [])]
    assert all(next(iter(entry.values())) == {"persist": True} for entry in entries)


@pytest.mark.parametrize("texts", [[], [OWN], [TUNED], [OWN, TUNED], [PLAIN], [OWN, PLAIN]])
def test_no_out_lies_in_another(texts):
    found = [PurePath(out) for paths in outs(*texts).values() for out in paths]
    inside = [(a, b) for a in found for b in found if a is not b and a.is_relative_to(b)]
    assert inside == []


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


def test_photographs_of_the_users_are_read_and_nothing_is_rendered():
    stages = pipeline.pipeline(plan(OWN))["stages"]
    assert "own/captions.json" in stages["data"]["deps"]
    assert "own/weights.safetensors" in stages["features"]["deps"]
    made = [out for found in outs(OWN).values() for out in found]
    assert [out for out in made if re.search(r"images\.h5|/cnn", out)] == ["data/mine/gan_images.h5"]


def test_what_the_workflow_fetches_is_no_dependency():
    fetched = "cnn: {weights: data/raw/resnet152.safetensors}\ndataset: {source: {captions: data/raw/d.json}}"
    stages = pipeline.pipeline(plan(OWN, fetched))["stages"]
    assert [dep for stage in stages.values() for dep in stage["deps"] if dep.startswith("data/raw")] == []


def test_rows_that_imagine_nothing_have_no_outs_of_imagining():
    found = [out for made in outs(PLAIN).values() for out in made]
    assert [out for out in found if re.search(r"pretrain_(xe|scst|gan)|imagined/?$", out)] == []
    assert "results/scenes/checkpoints/pretrain_ranking" in found


def test_a_row_that_is_fine_tuned_adds_its_networks_and_features():
    added = {out for made in outs(TUNED).values() for out in made}
    added -= {out for made in outs().values() for out in made}
    assert added == {
        "data/scenes/preflight/cards.json",
        "results/scenes/checkpoints/finetune",
        "results/scenes/curves/finetune",
        "results/scenes/embeddings/vsepp_ft",
        "results/scenes/features",
    }


def test_other_datasets_of_the_paper_are_read():
    stage = pipeline.pipeline(plan("paper: {datasets: [coco, scenes]}"))["stages"]["tables"]
    assert "results/coco/table_ablation.csv" in stage["deps"]
    assert "results/scenes/table_ablation.csv" not in stage["deps"]


def test_plots_are_of_what_is_trained():
    found = [next(iter(each)) for each in pipeline.plots(plan(PLAIN))]
    assert found == [
        "image-to-text",
        "text-to-image",
        "results/scenes/curves/pretrain_ranking",
        "results/scenes/curves/joint",
    ]


# fingerprints

CONFIG = settings.configuration()
LEAVES = list(settings.leaves(CONFIG))


@pytest.fixture(scope="module")
def before():
    return pipeline.fingerprints(Plan(check(CONFIG, "base")))


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_setting_changes_the_fingerprints_of_the_phases_whose_jobs_it_reaches(leaf, before):
    after = pipeline.fingerprints(Plan(check(settings.with_another(CONFIG, leaf), leaf)))
    changed = {phase for phase in before if before[phase] != after[phase]}
    assert changed == {settings.PHASES.get(rule, "tables") for rule in settings.reach(leaf)}


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("seeds: [0, 1]", {"pretraining", "joint", "evaluation", "tables"}),
        ("device: auto", {"features", "pretraining", "joint", "evaluation"}),
        ("finetune: {methods: [vsepp, order]}", {"joint", "evaluation", "tables"}),
        ("methods: {gxn_t2i: {captioning: xe}}", {"joint", "tables"}),
        ("methods: {new: {encoder: cosine}}", {"joint", "evaluation", "tables"}),
    ],
)
def test_more_files_change_the_fingerprints_of_the_phases_that_make_and_read_them(text, changed, before):
    now = pipeline.fingerprints(plan(settings.BASE, text))
    assert {phase for phase in before if before[phase] != now[phase]} == changed


def test_a_change_of_the_order_of_rows_is_one_of_the_tables_alone(before):
    rows = list(CONFIG["methods"].items())
    now = pipeline.fingerprints(Plan(check(CONFIG | {"methods": dict(rows[1:] + rows[:1])}, "order")))
    assert {phase for phase in before if before[phase] != now[phase]} == {"tables"}


@pytest.mark.parametrize(
    ("texts", "changed"), [([], {"data", "features", "tables"}), ([TUNED], {*PHASES} - {"pretraining"})]
)
def test_photographs_elsewhere_reach_all_phases_that_look_at_them(texts, changed):
    there, elsewhere = (
        pipeline.fingerprints(plan(OWN, *texts, {"dataset": {"source": {"images": folder}}}))
        for folder in "ab"
    )
    assert {phase for phase in there if there[phase] != elsewhere[phase]} == changed


def test_weights_of_the_users_need_no_settings_of_a_training():
    first, second = (
        pipeline.fingerprints(plan(OWN, f"cnn: {{pretrain: {{epochs: {epochs}}}}}")) for epochs in (1, 2)
    )
    assert first == second


# configure


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder with the files that `configure` reads and writes."""
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(pipeline, "ROOT", tmp_path)
    return tmp_path


def configured(root, text):
    """What params.yaml holds once it was overlaid with `text`."""
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
    with pytest.raises(GxnError, match=r"no\.yaml: cannot be read: No such file or directory; name files"):
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
    assert Path(pipeline.FINGERPRINT.format(phase="data")).as_posix() in COMMITTED
