"""The steps of a colleague: clone, pull, nothing to do; a change redoes what depends on it."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from copies import Copy, changed_outs, outs_of

pytestmark = pytest.mark.slow
UP_TO_DATE = "Data and pipelines are up to date."
ROW = "results/smoke/checkpoints/joint/vsepp/seed0.safetensors"
METRICS = "results/smoke/metrics/{}/seed0.json"


def lock(copy: Copy) -> dict:
    return yaml.safe_load((copy.path / "dvc.lock").read_text(encoding="utf-8"))


def without_times(locked: dict) -> dict:
    """The stages of a dvc.lock, less the table of processor seconds, which are not the same twice."""
    stages = locked["stages"]
    outs = [out for out in stages["tables"]["outs"] if out["path"] != "results/smoke/table_costs.csv"]
    return stages | {"tables": stages["tables"] | {"outs": outs}}


def planned(copy: Copy, target: str = "all") -> set[str]:
    """Rules that Snakemake would run; never because it does not know how a file was made."""
    return set(copy.dry_run(target).planned) - {target}


def test_repro_makes_every_out_and_then_nothing(built):
    outs = [out for paths in outs_of(lock(built)).values() for out in paths]
    assert [out for out in outs if not (built.path / out).exists()] == []
    assert UP_TO_DATE in built.dvc("status")
    assert UP_TO_DATE in built.dvc("repro")
    assert built.git("status", "--porcelain") == ""


def test_a_clone_that_pulled_has_nothing_to_do(built, pulled):
    assert UP_TO_DATE in pulled.dvc("status")
    text = pulled.snakemake("-n", "results/table_ablation.csv")
    assert "Nothing to be done" in text and "missing provenance" not in text
    assert planned(pulled) == set()
    assert pulled.git("status", "--porcelain") == ""
    made = {path: md5 for path, (md5, _) in built.files("data", "results", ".snakemake/metadata").items()}
    assert {
        path: md5 for path, (md5, _) in pulled.files("data", "results", ".snakemake/metadata").items()
    } == made


@pytest.mark.parametrize(
    ("key", "value", "rules"),
    [
        ("significance.resamples", 110, {"table_significance"}),
        ("evaluate.protocols", ["full"], set()),
        (
            "pretrain_gan.epochs",
            1,
            {"pretrain_gan", "imagine_and_rank", "evaluate", "imagine", "table_ablation"}
            | {f"table_{name}" for name in ("imagined", "published", "significance", "costs", "datasets")}
            | {f"figure_{name}" for name in ("ablation", "recall", "training", "i2t", "t2i")},
        ),
    ],
)
def test_in_a_clone_a_setting_redoes_what_depends_on_it(clone, key, value, rules):
    copy = clone()
    copy.dvc("pull")
    copy.set(key, value)
    assert planned(copy) == rules


@pytest.mark.parametrize(
    ("key", "value", "phases"),
    [
        ("significance.resamples", 110, ["tables"]),
        ("evaluate.protocols", ["full"], []),
        ("pretrain_gan.epochs", 1, ["pretraining"]),
    ],
)
def test_in_a_clone_dvc_names_the_phases_that_a_setting_reaches(clone, key, value, phases):
    """Once the fingerprints are made: before, DVC sees that params.yaml is another."""
    copy = clone()
    copy.dvc("pull")
    copy.set(key, value)
    copy.dvc("repro", "fingerprints")
    assert list(json.loads(copy.dvc("status", "--json"))) == phases


def test_in_a_clone_code_and_data_redo_what_depends_on_them(clone):
    copy = clone()
    copy.dvc("pull")
    with (copy.path / "src/gxn/reporting/framework.py").open("a", encoding="utf-8") as file:
        file.write("DRAWN = 'otherwise'\n")
    assert planned(copy) == {"figure_framework"}
    copy.git("checkout", "--quiet", ".")
    assert planned(copy) == set()
    metrics = copy.path / METRICS.format("vsepp")
    metrics.write_text(metrics.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert {"table_ablation", "figure_ablation"} <= planned(copy)
    assert "results/smoke/metrics" in copy.dvc("status")
    copy.dvc("checkout", "--force")
    assert planned(copy) == set()


def test_metrics_and_plots(built, clone):
    copy = clone()
    copy.dvc("pull")
    shown = json.loads(copy.dvc("metrics", "show", "--json"))
    runs = [path for revision in shown.values() for path in revision["data"]]
    once = "results/smoke/metrics/cca/seedless.json"
    assert sorted(runs) == [once, *map(METRICS.format, ("gxn_i2t_t2i", "vsepp"))]
    copy.dvc("plots", "show")
    page = (copy.path / "dvc_plots/index.html").read_text(encoding="utf-8")
    words = ("i2t_r1", "t2i_r10", "val_rsum", "val_cider_d", "xe_loss", "generator_loss", "gxn_i2t_t2i")
    assert [word for word in words if word not in page] == []
    assert copy.git("status", "--porcelain") == ""


@pytest.fixture(scope="module")
def changed(built: Copy, place: Path) -> Copy:
    """A clone in which one row was changed and `dvc repro` run."""
    copy = built.clone(place / "changed")
    copy.dvc("pull")
    copy.set("methods.vsepp.loss.kind", "hinge")
    copy.dvc("repro")
    return copy


def test_one_row_changed_keeps_the_others(built, changed):
    logs = {path.parent.name for path in (changed.path / "logs/smoke").rglob("seed0.log")}
    assert logs == {"vsepp"}, "only the changed row was trained and evaluated"
    folder = "results/smoke/checkpoints"
    before, after = built.files(folder), changed.files(folder)
    assert [path for path in before if before[path][0] != after[path][0]] == [ROW]
    assert planned(changed) == set()
    assert UP_TO_DATE in changed.dvc("status")


def test_metrics_diff_of_two_commits_names_the_row_and_its_recalls(changed):
    changed.commit("One row by the sum")
    diff = json.loads(changed.dvc("metrics", "diff", "--json", "HEAD~1", "HEAD"))
    assert list(diff) == [METRICS.format("vsepp")]
    recalls = {key for key in diff[METRICS.format("vsepp")] if re.search(r"(i2t|t2i)\.r\d+$", key)}
    assert recalls, "the row has other recalls"
    said = changed.dvc("metrics", "diff", "HEAD~1", "HEAD")
    assert all(key in said for key in recalls) and "gxn_i2t_t2i" not in said


def test_a_forged_output_is_given_away(clone):
    """`persist` lets dvc repro take a hand-made file for an output: the guard sees it, and git undoes it."""
    copy = clone()
    copy.dvc("pull")
    honest = lock(copy)
    figure = copy.path / "results/smoke/figures/framework.png"
    figure.write_bytes(figure.read_bytes() + b"forged")
    assert "results/smoke/figures" in copy.dvc("status")
    copy.dvc("repro")
    assert changed_outs(honest, lock(copy)) == ["tables"]
    copy.git("checkout", "--quiet", ".")
    copy.dvc("checkout", "--force")
    assert UP_TO_DATE in copy.dvc("status")


def killed_in(copy: Copy, state: Path) -> None:
    """Run `dvc repro` and kill all of it at once when a training step has saved its first state."""
    process = subprocess.Popen(
        ["dvc", "repro"],
        cwd=copy.path,
        env=copy.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 600
        while not state.exists():
            assert process.poll() is None, "dvc repro ended before the step began"
            assert time.monotonic() < until, "the step never saved a state"
            time.sleep(0.005)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_an_interrupted_repro_from_nothing_resumes_and_makes_the_same(clone):
    """A clone with no remote at hand: killed while it draws, it keeps what it had and ends in the same bytes."""
    copy = clone()
    state = copy.path / "scratch/smoke/pretrain_gan/two_space/seed0/last.pt"
    killed_in(copy, state)
    done = copy.files("data")
    # of the stage that was killed, so that DVC did not have it yet
    del done["data/smoke/preflight/batch.json"]
    assert "data/smoke/features.h5" in done and not (copy.path / ROW).exists()
    copy.snakemake("--unlock")
    copy.dvc("repro")
    assert "resumed after epoch" in (copy.path / "logs/smoke/pretrain_gan/two_space/seed0.log").read_text(
        encoding="utf-8"
    )
    assert done.items() <= copy.files("data").items()
    old, new = map(without_times, (yaml.safe_load(copy.git("show", "HEAD:dvc.lock")), lock(copy)))
    assert [name for name in new if new[name] != old[name]] == ["provenance"]
    assert planned(copy) == set()
    assert UP_TO_DATE in copy.dvc("status")
