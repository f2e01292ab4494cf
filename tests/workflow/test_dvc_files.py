"""dvc.yaml, dvc.lock and what surrounds them, as committed: no data is needed."""

import configparser
import errno
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePath

import pytest
import yaml
from copies import ROOT, changed_outs, outs_of
from ruamel.yaml import YAML

sys.path.append(str(ROOT / "workflow"))
import configure

from gxn.errors import GxnError

PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
STAGES = PIPELINE["stages"]
TARGETS = ["data", "features", "pretraining", "joint", "evaluation", "paper"]


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
    ).stdout


def lock(text: str | None = None) -> dict:
    path = ROOT / "dvc.lock"
    if text is None and not path.exists():
        pytest.skip("the default run is not recorded yet: no dvc.lock")
    # DVC writes YAML 1.2, where 2e-05 is a number; PyYAML reads it as text
    return YAML(typ="safe").load(text if text is not None else path.read_text(encoding="utf-8"))


def test_stages_are_the_phases_and_provenance_closes_the_run():
    assert list(STAGES) == [*TARGETS, "provenance"]
    assert {name: STAGES[name]["cmd"] for name in TARGETS} == {name: f"snakemake {name}" for name in TARGETS}
    assert STAGES["provenance"]["cmd"] == "snakemake"
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert [name for name in TARGETS if not re.search(rf"^rule {name}:", rules, re.MULTILINE)] == []


def test_every_out_persists_and_none_lies_in_another():
    entries = [
        entry for stage in STAGES.values() for kind in ("outs", "metrics") for entry in stage.get(kind, [])
    ]
    assert all(next(iter(entry.values())) == {"persist": True} for entry in entries)
    outs = [PurePath(out) for paths in outs_of(PIPELINE).values() for out in paths]
    assert [
        (a, b) for i, a in enumerate(outs) for b in outs[:i] if a == b or a in b.parents or b in a.parents
    ] == []


def test_the_ledger_travels_and_provenance_waits_for_the_paper():
    assert outs_of(PIPELINE)["provenance"] == [".snakemake/metadata"]
    assert sorted(STAGES["provenance"]["deps"]) == sorted(outs_of(PIPELINE)["paper"])


def test_content_decides_and_the_cache_is_copied():
    profile = yaml.safe_load((ROOT / "profiles/default/profile.yaml").read_text(encoding="utf-8"))
    assert profile["max-checksum-file-size"] == "1TB"
    config = configparser.ConfigParser()
    config.read(ROOT / ".dvc/config")
    assert config["cache"]["type"] == '"reflink,copy"'
    assert not re.search("key|secret|token|password|user", (ROOT / ".dvc/config").read_text(encoding="utf-8"))


def test_git_ignores_every_out_from_the_first_commit():
    outs = [out.replace("${dataset.name}", "any") for paths in outs_of(PIPELINE).values() for out in paths]
    ignored = git("check-ignore", "--no-index", *outs).split()
    assert sorted(ignored) == sorted(outs)


def test_nothing_large_and_nothing_generated_is_in_git():
    names = [name for name in git("ls-files", "-z").split("\0") if name and (ROOT / name).is_file()]
    assert [name for name in names if name.startswith(("data/", "results/", ".snakemake/", "scratch/"))] == []
    assert [name for name in names if (ROOT / name).stat().st_size > 1_000_000] == []


def test_dvc_yaml_is_adapted_to_params():
    config = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert configure.adapt(text, configure.conditions(config)) == text, "run workflow/configure.py"


def test_other_configurations_put_their_lines_in_and_out():
    config = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    config["dataset"] |= {"name": "mine", "source": "karpathy", "captions": "own/captions.json"}
    config["cnn"]["weights"] = "data/raw/resnet152.safetensors"
    config["methods"] = {"two_space": config["methods"]["two_space"]}
    other = configure.adapt(text, configure.conditions(config))
    stages = yaml.safe_load(other)["stages"]
    assert "${dataset.captions}" in stages["data"]["deps"]
    assert "${cnn.weights}" not in stages["features"]["deps"], "a file that the workflow fetches is no dep"
    outs = [out for paths in outs_of(yaml.safe_load(other)).values() for out in paths]
    assert not [out for out in outs if re.search(r"images\.h5|/cnn\.|/(xe|rl|gan|imagined)/?", out)]
    assert "results/checkpoints/${dataset.name}/warmup" in outs
    plots = [next(iter(plot)) for plot in yaml.safe_load(other)["plots"]]
    assert [plot for plot in plots if plot.endswith(("/xe", "/rl", "/gan"))] == []
    back = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    assert configure.adapt(other, configure.conditions(back)) == text


def test_an_unknown_condition_is_named():
    with pytest.raises(GxnError, match="no condition 'sceness'"):
        configure.adapt("      - a  # if: sceness\n", {"scenes": True})


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that workflow/configure.py reads and writes."""
    for name in ("params.yaml", "dvc.yaml", "workflow/schemas/params.schema.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(configure, "ROOT", tmp_path)
    return tmp_path


def configured(root: Path, monkeypatch: pytest.MonkeyPatch, text: str | None = None) -> dict:
    """What params.yaml holds once it was overlaid with `text`."""
    if text is not None:
        (root / "mine.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["configure.py", str(root / "mine.yaml")])
    configure.main()
    return yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))


def test_both_files_follow_an_overlay(root, monkeypatch):
    config = configured(root, monkeypatch, "seeds: [4]\nmethods: {vse0: null}\ncnn: {weights: w.safetensors}")
    assert config["seeds"] == [4] and "vse0" not in config["methods"]
    text = (root / "dvc.yaml").read_text(encoding="utf-8")
    assert "${cnn.weights}" in yaml.safe_load(text)["stages"]["features"]["deps"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read: No such file or directory; name files such as config/local.yaml"),
        ("joint: [1\n", "cannot be read as YAML: while parsing a flow sequence"),
        ("seeds: [1]\nseeds: [2]\n", "cannot be read as YAML: while constructing a mapping"),
        ("- joint\n", "must be a mapping of keys"),
        ("methods: 3\n", "methods: 3 is not of type 'object'"),
    ],
)
def test_a_file_that_is_no_overlay_is_named_and_changes_nothing(root, monkeypatch, text, message):
    with pytest.raises(GxnError, match=rf"mine\.yaml: {message}"):
        configured(root, monkeypatch, text)
    for name in ("params.yaml", "dvc.yaml"):
        assert (root / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_command_fails_in_one_line(tmp_path):
    (tmp_path / "mine.yaml").write_text("- joint\n")
    command = [sys.executable, str(ROOT / "workflow/configure.py"), str(tmp_path / "mine.yaml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert re.fullmatch(r"error: .*mine\.yaml: must be a mapping of keys.*\n", done.stderr)


def test_a_full_disk_leaves_both_files_whole(root, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(GxnError, match=r"params\.yaml: cannot be written: .*; make room there"):
        configured(root, monkeypatch, "cnn: {weights: w.safetensors}")
    for name in ("params.yaml", "dvc.yaml"):
        assert (root / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_guard_tells_a_forgery_from_a_change():
    stage = {
        "cmd": "snakemake joint",
        "deps": [{"path": "a", "md5": "1"}],
        "outs": [{"path": "b", "md5": "2"}],
    }
    forged = stage | {"outs": [{"path": "b", "md5": "3"}]}
    honest = forged | {"deps": [{"path": "a", "md5": "4"}]}
    assert changed_outs({"stages": {"joint": stage}}, {"stages": {"joint": forged}}) == ["joint"]
    assert changed_outs({"stages": {"joint": stage}}, {"stages": {"joint": honest}}) == []
    assert changed_outs({"stages": {"provenance": stage}}, {"stages": {"provenance": forged}}) == []


def test_no_recorded_lock_has_other_outs_by_the_same_recipe():
    versions = git("log", "--format=%H", "--", "dvc.lock").split()
    texts = [git("show", f"{commit}:dvc.lock") for commit in versions if git("ls-tree", commit, "dvc.lock")]
    locks = [lock(), *map(lock, texts)]
    assert [found for new, old in itertools.pairwise(locks) if (found := changed_outs(old, new))] == []


def test_the_lock_is_that_of_the_committed_configuration():
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    recorded = lock()["stages"]
    assert list(recorded) == list(STAGES)
    for name, stage in recorded.items():
        for key, value in stage.get("params", {}).get("params.yaml", {}).items():
            here = params
            for part in key.split("."):
                here = here[part]
            assert here == value, (
                f"{name}: {key} of dvc.lock is not that of params.yaml; dvc repro, then commit dvc.lock"
            )


def md5(path: Path) -> str:
    """What DVC calls a file or a folder."""
    if path.is_file():
        return hashlib.md5(path.read_bytes()).hexdigest()
    files = [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    listing = [{"md5": md5(file), "relpath": file.relative_to(path).as_posix()} for file in files]
    listing.sort(key=lambda entry: entry["relpath"])
    return hashlib.md5(json.dumps(listing, sort_keys=True).encode()).hexdigest() + ".dir"


def test_the_lock_is_that_of_the_committed_code():
    deps = {dep["path"]: dep["md5"] for stage in lock()["stages"].values() for dep in stage.get("deps", [])}
    code = {path: value for path, value in deps.items() if path.startswith(("src/", "workflow/"))}
    stale = [path for path, value in code.items() if not (ROOT / path).exists() or md5(ROOT / path) != value]
    assert stale == [], "dvc.lock was made by other code; dvc repro, then commit dvc.lock"


def test_reference_results_are_those_of_the_lock():
    recorded = {out["path"]: out["md5"] for stage in lock()["stages"].values() for out in stage["outs"]}
    for path in sorted((ROOT / "docs/reference").glob("table_*")):
        assert md5(path) == recorded[f"results/{path.name}"], (
            f"{path}: is not what the DAG made; copy it from results/"
        )
    assert (ROOT / "docs/reference/table_ablation.csv").is_file()
