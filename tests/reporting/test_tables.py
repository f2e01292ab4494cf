"""The ablation table: what it says, and what it refuses."""

import csv
import json
import statistics
import subprocess
import sys

import pytest

from gxn.errors import GxnError
from gxn.evaluation.metrics import RECALL_COLUMNS
from gxn.reporting import names
from gxn.reporting.runs import METRICS, read_runs
from gxn.reporting.tables import COLUMNS, SPACES, ablation, read_table, spaces, to_csv, to_latex, to_markdown

METHODS = ["vse0", "two_space", "new_row"]


def content(method="vse0", seed=0, scale=1.0, protocol="full", **provenance):
    """A metrics file in the form that the step evaluate writes."""
    i2t = {"r1": 10.0 * scale, "r5": 20.0 + seed, "r10": 30.3, "medr": 7.0, "meanr": 9.0}
    t2i = {"r1": 5.1, "r5": 15.0, "r10": 25.0 * scale, "medr": 11.0, "meanr": 20.0}
    numbers = {"i2t": i2t, "t2i": t2i, "images": 200, "captions": 1000, "tied": 0.0}
    numbers["rsum"] = sum(way[key] for way in (i2t, t2i) for key in ("r1", "r5", "r10"))
    return {
        "dataset": "scenes",
        "method": method,
        "seed": seed,
        "split": "test",
        "protocols": {protocol: numbers},
        "spaces": {},
        "provenance": {"config": f"config of {method}", "data": "data", "seed": seed} | provenance,
    }


def write(folder, contents):
    paths = []
    for index, one in enumerate(contents):
        paths.append(folder / f"{index}.json")
        paths[-1].write_text(json.dumps(one))
    return paths


@pytest.fixture
def contents():
    scales = {"vse0": 1.0, "two_space": 2.0, "new_row": 1.5}
    return [content(method, seed, scale) for method, scale in scales.items() for seed in (0, 1, 2)]


def test_header_is_exact():
    metrics = "i2t_r1,i2t_r5,i2t_r10,i2t_medr,t2i_r1,t2i_r5,t2i_r10,t2i_medr,rsum".split(",")
    assert [column for column in COLUMNS if not column.endswith("_std")] == [
        "dataset",
        "method",
        "seeds",
        *metrics,
    ]
    for metric in metrics:
        assert COLUMNS[COLUMNS.index(metric) + 1] == f"{metric}_std"


def test_means_and_sample_deviations_over_seeds(tmp_path, contents):
    path = tmp_path / "table.csv"
    path.write_text(to_csv(ablation(read_runs(write(tmp_path, reversed(contents)), METHODS))))
    rows = list(csv.DictReader(path.open()))
    assert [row["method"] for row in rows] == METHODS
    assert {row["seeds"] for row in rows} == {"3"}
    for row in rows:
        assert float(row["i2t_r5"]) == statistics.fmean([20, 21, 22])
        assert float(row["i2t_r5_std"]) == statistics.stdev([20, 21, 22])
        assert float(row["rsum"]) == pytest.approx(sum(float(row[key]) for key in RECALL_COLUMNS), abs=1e-5)
    assert [float(row["i2t_r1"]) for row in rows] == [10, 20, 15]
    assert read_table(path)[0]["rsum_std"] == 1.0


def test_one_seed_has_no_deviation(tmp_path):
    table = ablation(read_runs(write(tmp_path, [content()]), ["vse0"]))
    assert all(table[0][f"{key}_std"] is None for key in METRICS)
    path = tmp_path / "table.csv"
    path.write_text(to_csv(table))
    assert read_table(path) == [{**table[0], **{key: pytest.approx(table[0][key]) for key in METRICS}}]
    assert "±" not in to_markdown(table) and r"\pm" not in to_latex(table)


def test_best_of_a_column_is_bold_and_ties_are_all_bold(tmp_path, contents):
    table = ablation(read_runs(write(tmp_path, contents), METHODS))
    lines = to_markdown(table).splitlines()
    cells = {line.split(" | ")[0].strip("| "): line.split(" | ") for line in lines if line.startswith("| ")}
    assert cells["Two spaces"][1] == "**20.0** ± 0.0"
    assert cells["VSE0"][1] == "10.0 ± 0.0"
    assert all(cells[name][4].startswith("**7.0**") for name in ("VSE0", "Two spaces", "new_row"))
    latex = to_latex(table)
    assert r"\textbf{20.0}" in latex and r"new\_row" in latex and r"\toprule" in latex
    assert latex.count(r"\\") == 6 and latex.isascii()


def test_a_lower_median_is_better(tmp_path):
    contents = [content(), content("two_space")]
    contents[1]["protocols"]["full"]["i2t"]["medr"] = 3.0
    table = ablation(read_runs(write(tmp_path, contents), ["vse0", "two_space"]))
    assert "**3.0**" in to_markdown(table) and "**7.0**" not in to_markdown(table)


def test_protocols_are_rows_of_their_own(tmp_path):
    both = content()
    both["protocols"] |= content(protocol="1k-5fold")["protocols"]
    table = ablation(read_runs(write(tmp_path, [both]), ["vse0"]))
    assert [row["dataset"] for row in table] == ["scenes", "scenes-1k-5fold"]


def test_each_space_alone_is_a_row_of_the_table_of_spaces(tmp_path):
    contents = [content(seed=seed) for seed in (0, 1)] + [content("two_space", seed) for seed in (0, 1)]
    for one in contents[2:]:
        one["spaces"] = {
            space: content(seed=one["seed"], scale=scale)["protocols"]
            for space, scale in (("abstract", 3.0), ("grounded", 2.0))
        }
    table = spaces(read_runs(write(tmp_path, contents), ["vse0", "two_space"]))
    assert [(row["method"], row["space"], row["i2t_r1"]) for row in table] == [
        ("two_space", "abstract", 30.0),
        ("two_space", "grounded", 20.0),
    ]
    assert table[0]["i2t_r5"] == 20.5 and table[0]["i2t_r5_std"] == statistics.stdev([20, 21])
    assert to_csv(table, SPACES).startswith("dataset,method,space,seeds,i2t_r1,i2t_r1_std,")


@pytest.mark.parametrize("key", ["cosine", "cnn", "mine_ft", "vse0_ft"])
def test_a_row_of_any_name_is_called_by_it(key):
    assert names.method(key) == key


def damaged(contents, index, change):
    change(contents[index])
    return contents


REFUSED = {
    "other data": (lambda run: run["provenance"].update(data="other"), "4.json.*other data"),
    "other configuration": (
        lambda run: run["provenance"].update(config="x"),
        "4.json.*another configuration",
    ),
    "other gallery": (lambda run: run["protocols"]["full"].update(images=100), "4.json.*searches"),
    "other protocol": (
        lambda run: run.update(protocols=content(protocol="5k")["protocols"]),
        "lacks seed 1|no metr",
    ),
    "same seed twice": (lambda run: run.update(seed=0), "4.json.*seed 0"),
    "seed of its own": (lambda run: run.update(seed=7), "json.*lacks seed"),
    "unknown row": (lambda run: run.update(method="vse9"), "4.json.*vse9"),
    "recall of NaN": (lambda run: run["protocols"]["full"]["i2t"].update(r1=float("nan")), "4.json.*i2t_r1"),
    "recall over 100": (lambda run: run["protocols"]["full"]["t2i"].update(r10=101), "4.json.*t2i_r10"),
    "sum that is not": (lambda run: run["protocols"]["full"].update(rsum=600.0), "4.json.*not the sum"),
    "no provenance": (lambda run: run.pop("provenance"), "4.json.*provenance"),
    "text for a number": (lambda run: run["protocols"]["full"].update(rsum="much"), "4.json"),
    "infinite seed": (lambda run: run.update(seed=float("inf")), "4.json.*OverflowError"),
    "list for protocols": (lambda run: run.update(protocols=[1]), "4.json"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_mixtures_and_damage_are_refused(tmp_path, contents, fault):
    change, message = REFUSED[fault]
    with pytest.raises(GxnError, match=message):
        read_runs(write(tmp_path, damaged(contents, 4, change)), METHODS)


def test_a_missing_row_is_refused(tmp_path, contents):
    with pytest.raises(GxnError, match="row 'new_row' has no metrics file"):
        read_runs(write(tmp_path, contents[:6]), METHODS)


def test_a_file_given_twice_is_refused(tmp_path, contents):
    paths = write(tmp_path, contents)
    with pytest.raises(GxnError, match="is also in"):
        read_runs([*paths, paths[0]], METHODS)


def test_a_table_with_an_endless_cell_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(",".join(COLUMNS) + "\n" + "1" * 200_000)
    with pytest.raises(GxnError, match=r"table\.csv: cannot be read as the ablation table: field larger"):
        read_table(path)


def test_the_step_writes_the_same_bytes_again_and_nothing_on_failure(tmp_path, contents):
    paths = [str(path) for path in write(tmp_path, contents)]

    def call(folder, methods):
        (tmp_path / folder).mkdir()
        outputs = [f"--{form}={tmp_path / folder / form}" for form in ("csv", "latex", "markdown", "alone")]
        command = [
            sys.executable,
            "-m",
            "gxn.steps.table",
            "--metrics",
            *paths,
            "--methods",
            json.dumps(methods),
        ]
        return subprocess.run([*command, *outputs], capture_output=True, text=True)

    assert call("a", METHODS).returncode == call("b", METHODS).returncode == 0
    for form in ("csv", "latex", "markdown", "alone"):
        assert (tmp_path / "a" / form).read_bytes() == (tmp_path / "b" / form).read_bytes()
    failed = call("c", METHODS[:2])
    assert failed.returncode == 2 and failed.stderr.count("\n") == 1 and "new_row" in failed.stderr
    assert not list((tmp_path / "c").iterdir())
