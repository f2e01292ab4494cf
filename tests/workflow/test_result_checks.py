"""Only results of the configuration are recorded."""

import json

import pytest
from plans import PLAIN, plan
from workflow import paths, result_checks

from gxn.errors import GxnError

TABLE = "dataset,method,seeds,rsum\nscenes,vse0,2,1.5\nscenes,vsepp,2,2.5\n"


@pytest.fixture
def two_rows():
    """The plan of two rows that imagine nothing, with two seeds."""
    return plan(PLAIN, "seeds: [0, 1]\nmethods: {cca: null, order: null}")


def write_metrics(root, plan, **changes):
    """Metrics of every run as `evaluate` would write them, with changes of the first row's."""
    for method in plan.rows:
        about = {"dataset": plan.dataset, "method": method}
        about["provenance"] = {"config": result_checks.stated_hash(plan, "joint", method)}
        for path in plan.expand(paths.METRICS, method=[method]):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(json.dumps(about | changes))
        changes = {}


def test_the_hash_of_a_configuration_covers_the_stages_before():
    first, longer = plan(), plan("pretrain_ranking: {epochs: 9}")
    assert result_checks.stated_hash(first, "joint", "vsepp") != result_checks.stated_hash(
        longer, "joint", "vsepp"
    )


def test_the_hash_of_a_configuration_is_of_what_the_row_takes_alone():
    first, drawn = plan(), plan("pretrain_gan: {epochs: 99}")
    assert result_checks.stated_hash(first, "joint", "vsepp") == result_checks.stated_hash(
        drawn, "joint", "vsepp"
    )


def test_metrics_of_the_configuration_are_accepted(two_rows, tmp_path):
    write_metrics(tmp_path, two_rows)
    result_checks.check_runs(two_rows, tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "smoke"}, "is of smoke, row vse0"),
        ({"method": "vsepp"}, "is of scenes, row vsepp"),
        ({"provenance": {"config": "0"}}, "was made with other settings than those of params.yaml"),
        ({"provenance": {}}, "was made with other settings"),
    ],
)
def test_metrics_of_another_run_are_refused(changes, message, two_rows, tmp_path):
    write_metrics(tmp_path, two_rows, **changes)
    with pytest.raises(GxnError, match=f"results/scenes/metrics/vse0/seed0.json: {message}.*dvc repro"):
        result_checks.check_runs(two_rows, tmp_path)


def test_a_seed_that_is_missing_is_named(two_rows, tmp_path):
    write_metrics(tmp_path, two_rows)
    (tmp_path / "results/scenes/metrics/vsepp/seed1.json").unlink()
    with pytest.raises(GxnError, match=r"vsepp/seed1\.json: there is no such file; `uv run dvc repro`"):
        result_checks.check_runs(two_rows, tmp_path)


def test_a_table_of_the_configuration_is_accepted(two_rows):
    result_checks.check_table(two_rows, "ablation.csv", TABLE)


def test_a_row_without_a_seed_has_none():
    one = plan(PLAIN, "seeds: [0, 1]\nmethods: {order: null, vsepp: null}")
    table = "dataset,method,seeds,rsum\nscenes,cca,{},1.5\nscenes,vse0,2,2.5\n"
    result_checks.check_table(one, "ablation.csv", table.format(0))
    with pytest.raises(GxnError, match="does not have the 2 seeds"):
        result_checks.check_table(one, "ablation.csv", table.format(2))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TABLE.replace("scenes", "smoke"), "has rows of smoke, not of scenes"),
        (TABLE.replace("scenes,vsepp", "smoke,vsepp"), "has rows of smoke, not of scenes"),
        (TABLE.partition("scenes")[0], "has rows of nothing"),
        (TABLE.replace("vsepp", "dose"), "does not have the rows of params.yaml"),
        (TABLE.rpartition("scenes")[0], "does not have the rows of params.yaml"),
        (TABLE.replace(",2,1.5", ",1,1.5"), "does not have the 2 seeds of params.yaml"),
    ],
)
def test_a_table_of_another_run_is_refused(text, message, two_rows):
    with pytest.raises(GxnError, match=f"results/scenes/table_ablation.csv: {message}.*dvc repro"):
        result_checks.check_table(two_rows, "ablation.csv", text)


def test_what_snakemake_would_make_again_is_not_published(tmp_path, monkeypatch):
    for name, said in (("stale", "Job stats:"), ("unknown", "Nothing to be done. 3 have missing provenance")):
        program = tmp_path / name / "snakemake"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho '{said}'\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=":")
        with pytest.raises(GxnError, match=f"not what the workflow would make now; (.|\n)*{said}"):
            result_checks.check_nothing_to_do(tmp_path)
