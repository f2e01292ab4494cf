"""The steps that make tables."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from metrics_files import content, write
from small import config_files

from gxn.costs import cost_line
from gxn.evaluation.metrics import RECALL_COLUMNS
from gxn.reporting import published
from gxn.reporting.runs import METRICS
from gxn.reporting.tables import read_table
from gxn.steps import (
    table_ablation,
    table_costs,
    table_datasets,
    table_imagined,
    table_published,
    table_significance,
)

ROWS = {
    "methods": {
        **dict.fromkeys(
            [
                "cca",
                "bag",
                "infonce",
                "order",
                "abstract",
                "gxn_i2t_xe",
                "gxn_i2t_mix",
                "gxn_t2i",
                "gxn_i2t_t2i",
            ]
        ),
        "vse0": {"label": "Plain"},
    },
    "significance": {"control": "two_space", "resamples": 100},
}
METHODS = ("vse0", "vsepp", "two_space")
FORMS = ("csv", "latex", "markdown", "spaces")


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def config(tmp_path):
    return config_files(tmp_path / "config", ROWS)


@pytest.fixture
def metrics(tmp_path):
    contents = [content(method, seed, 1 + place) for place, method in enumerate(METHODS) for seed in (0, 1)]
    return tuple(write(tmp_path, contents))


def ablation(folder, config, metrics) -> None:
    outputs = {form: folder / form for form in FORMS}
    table_ablation.table_ablation(table_ablation.Arguments(config=config, metrics=metrics, **outputs))


class TestAblation:
    def test_all_forms_are_written(self, tmp_path, config, metrics):
        ablation(tmp_path / "a", config, metrics)
        assert [row["method"] for row in read_table(tmp_path / "a" / "csv")] == list(METHODS)
        assert "| Plain |" in (tmp_path / "a" / "markdown").read_text()
        assert r"\toprule" in (tmp_path / "a" / "latex").read_text()
        assert (tmp_path / "a" / "spaces").read_text().startswith("dataset,method,space,")

    def test_the_same_files_give_the_same_bytes(self, tmp_path, config, metrics):
        for folder in ("a", "b"):
            ablation(tmp_path / folder, config, metrics)
        for form in FORMS:
            assert (tmp_path / "a" / form).read_bytes() == (tmp_path / "b" / form).read_bytes()

    def test_a_missing_row_is_one_line_and_leaves_nothing(
        self, tmp_path, config, metrics, monkeypatch, capsys
    ):
        words = ["--config", *config, "--metrics", *metrics[:4]]
        words += [f"--{form}={tmp_path / 'a' / form}" for form in FORMS]
        monkeypatch.setattr(sys, "argv", ["gxn table_ablation", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            table_ablation.main()
        said = capsys.readouterr().err
        assert end.value.code == 2 and said.count("\n") == 1 and "row 'two_space' has no metrics file" in said
        assert not (tmp_path / "a").exists()


def test_tables_of_datasets_are_joined_in_order(tmp_path, config, metrics):
    ablation(tmp_path / "scenes", config, metrics)
    other = [content(method, seed) | {"dataset": "other"} for method in METHODS for seed in (0, 1)]
    (tmp_path / "o").mkdir()
    ablation(tmp_path / "other", config, tuple(write(tmp_path / "o", other)))
    tables = (tmp_path / "other" / "csv", tmp_path / "scenes" / "csv")
    outputs = {form: tmp_path / f"all.{form}" for form in ("csv", "latex", "markdown")}
    table_datasets.table_datasets(table_datasets.Arguments(config=config, tables=tables, **outputs))
    assert [row["dataset"] for row in rows_of(tmp_path / "all.csv")] == ["other"] * 3 + ["scenes"] * 3
    assert (tmp_path / "all.markdown").read_text().count("**scenes**") == 1


def test_what_rows_imagined_is_gathered(tmp_path, config):
    run = {"dataset": "d", "method": "vsepp", "seed": 0, "metrics": {"bleu4": 12.5}, "warnings": []}
    (tmp_path / "i.json").write_text(json.dumps(run))
    arguments = table_imagined.Arguments(
        config=config, imagined=(tmp_path / "i.json",), csv=tmp_path / "t.csv"
    )
    table_imagined.table_imagined(arguments)
    (row,) = rows_of(tmp_path / "t.csv")
    assert (row["method"], row["bleu4"], row["bleu4_std"]) == ("vsepp", "12.5", "")


def test_published_numbers_stand_beside_ours(tmp_path, config):
    files = [content(method) | {"dataset": "flickr30k"} for method in METHODS]
    ablation(tmp_path / "a", config, tuple(write(tmp_path, files)))
    table_published.table_published(
        table_published.Arguments(
            config=config,
            table=tmp_path / "a" / "csv",
            published=Path(published.__file__).with_name("published.json"),
            csv=tmp_path / "p.csv",
            markdown=tmp_path / "p.md",
        )
    )
    rows = rows_of(tmp_path / "p.csv")
    assert [row["method"] for row in rows if row["origin"] == "here"] == list(METHODS)
    assert any(row["compared_with"] == "vsepp" for row in rows)
    assert "| Plain |" in (tmp_path / "p.md").read_text()


class TestSignificance:
    @pytest.fixture
    def lines(self, results, tmp_path):
        own = {"significance": {"control": "two_space", "resamples": 200}}
        config = (*results.config, config_files(tmp_path, own)[1])
        arguments = table_significance.Arguments(
            config=config, ranks=results.each("ranks/*/*"), csv=tmp_path / "s.csv"
        )
        table_significance.table_significance(arguments)
        return rows_of(tmp_path / "s.csv")

    def test_every_row_but_the_control_is_compared_with_it(self, lines, results):
        from made_results import METHODS as methods

        assert {line["method"] for line in lines} == set(methods) - {"two_space"}
        assert {line["control"] for line in lines} == {"two_space"}

    def test_in_every_metric(self, lines):
        of_vse0 = [line["metric"] for line in lines if line["method"] == "vse0"]
        assert {*RECALL_COLUMNS, "rsum"} <= set(of_vse0) and len(of_vse0) == len(set(of_vse0))
        assert set(of_vse0) <= {*METRICS, "rsum"}

    def test_of_one_seed_it_says_why_there_is_no_p_value(self, results, tmp_path):
        config = (
            *results.config,
            config_files(tmp_path, {"significance": {"control": "two_space"}, "seeds": [0]})[1],
        )
        ranks = tuple(path for path in results.each("ranks/*/*") if path.stem in ("seed0", "seedless"))
        csv = tmp_path / "s.csv"
        table_significance.table_significance(
            table_significance.Arguments(config=config, ranks=ranks, csv=csv)
        )
        found = rows_of(csv)
        assert {(line["p"], line["p_holm"], line["seeds"]) for line in found} == {
            ("one seed", "one seed", "1")
        }
        assert all(line["low"] and line["difference"] for line in found)

    def test_a_difference_lies_in_its_interval(self, lines):
        for line in lines:
            assert float(line["low"]) <= float(line["difference"]) <= float(line["high"])

    def test_holms_rule_only_raises_p(self, lines):
        assert all(float(line["p_holm"]) >= float(line["p"]) for line in lines if line["p"])

    def test_the_difference_and_its_interval_come_first(self, lines):
        assert list(lines[0])[4:7] == ["difference", "low", "high"]

    def test_rows_are_a_family_by_rsum_and_all_their_recalls_another(self, lines):
        def of(kind):
            return [line for line in lines if (line["metric"] == "rsum") == (kind == "rsum") and line["p"]]

        for kind in ("rsum", "recalls"):
            least = min(of(kind), key=lambda line: float(line["p"]))
            expected = min(1.0, len(of(kind)) * float(least["p"]))
            assert float(least["p_holm"]) == pytest.approx(expected, abs=1e-5)

    def test_differences_are_those_of_the_mean_recalls(self, lines, results):
        def mean(method):
            files = results.each(f"metrics/{method}/*")
            return np.mean([json.loads(path.read_text())["protocols"]["full"]["i2t"]["r1"] for path in files])

        (line,) = (one for one in lines if (one["method"], one["metric"]) == ("vse0", "i2t_r1"))
        assert float(line["difference"]) == pytest.approx(mean("vse0") - mean("two_space"), abs=1e-5)


def costs(folder, config, metrics, logs):
    table_costs.table_costs(
        table_costs.Arguments(config=config, metrics=metrics, logs=json.dumps(logs), csv=folder / "costs.csv")
    )
    return {row["method"]: row for row in rows_of(folder / "costs.csv")}


def test_costs_are_those_of_all_jobs_that_a_row_comes_from(tmp_path, config, metrics):
    for name, (updates, parameters, seconds) in {
        "warm": (10, 7, 100.0), "joint0": (5, 8, 10.0), "joint1": (5, 8, 30.0)
    }.items():  # fmt: skip
        (tmp_path / name).write_text(cost_line(updates, parameters, seconds))
    own = [[str(tmp_path / "warm"), str(tmp_path / f"joint{seed}")] for seed in (0, 1)]
    row = costs(tmp_path, config, metrics, {"vse0": own})["vse0"]
    assert (row["seeds"], row["updates"], row["parameters"]) == ("2", "15", "8")
    assert float(row["cpu_seconds"]) >= 120 and float(row["rsum"]) > 0


def test_a_row_whose_logs_are_elsewhere_has_empty_cells(tmp_path, config, metrics):
    table = costs(tmp_path, config, metrics, {"vse0": [[str(tmp_path / "none")]] * 2})
    assert all(row["updates"] == row["cpu_seconds"] == "" and row["rsum"] for row in table.values())
