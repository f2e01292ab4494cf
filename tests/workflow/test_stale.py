"""Tables and figures of other results than those beside them are named."""

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from workflow import stale

FOLDER = "results/scenes"
RUNS = {f"{FOLDER}/metrics/{row}/seed0.json" for row in ("vsepp", "order")}
TABLE, FIGURE = f"{FOLDER}/table_ablation.csv", f"{FOLDER}/figures/recall.png"
FILES = {TABLE: RUNS, FIGURE: RUNS}


def write(path: str, time: int, content: str = "") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content)
    os.utime(path, (time, time))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Two results made at 200 seconds, a table of 300, a figure of 100."""
    monkeypatch.chdir(tmp_path)
    for run in RUNS:
        write(run, 200, run)
    write(TABLE, 300)
    write(FIGURE, 100)


def nothing(path):
    """Snakemake recorded nothing of files that another way brought."""


def recorded(*inputs):
    digests = {each: f"sha256:{hashlib.sha256(each.encode()).hexdigest()}" for each in inputs}
    return lambda path: {"input": [*inputs, "data/scenes/captions.json"], "input_checksums": digests}


def test_what_is_older_than_a_new_result_is_named(place):
    found = stale.of_other_results(FILES, nothing, since=150)
    assert found == [FIGURE]
    assert "recall.png" in stale.warning(found) and "tables figures" in stale.warning(found)


def test_results_of_earlier_runs_do_not_count_where_nothing_is_recorded(place):
    """Their times may be those of a checkout."""
    assert stale.of_other_results(FILES, nothing, since=250) == [] and stale.warning([]) == ""


def test_the_content_of_recorded_results_counts_and_not_their_time(place):
    assert stale.of_other_results(FILES, recorded(*RUNS), since=150) == []
    write(min(RUNS), 400, "other numbers")
    assert stale.of_other_results(FILES, recorded(*RUNS), since=1000) == [TABLE, FIGURE]


def test_a_table_of_other_rows_is_named(place):
    assert stale.of_other_results(FILES, recorded(min(RUNS)), since=1000) == [TABLE, FIGURE]
    assert stale.of_other_results(FILES, recorded(*RUNS, f"{FOLDER}/metrics/bag/seed0.json"), 0) == [
        TABLE,
        FIGURE,
    ]


def test_a_table_that_does_not_show_a_new_result_is_not_of_others(place):
    """Imagined captions are ready before all rows are evaluated, and not made of their metrics."""
    imagined = f"{FOLDER}/imagined/vsepp/seed0.json"
    write(imagined, 50, imagined)
    files = {TABLE: RUNS, FIGURE: {imagined}}
    for record in (nothing, recorded(imagined)):
        assert FIGURE not in stale.of_other_results(files, record, since=150)


def test_a_result_that_is_not_there_yet_does_not_count(place):
    os.remove(min(RUNS))
    assert stale.of_other_results(FILES, recorded(max(RUNS)), since=0) == []


def test_results_are_taken_from_the_rules():
    rule = SimpleNamespace(
        output=["results/{dataset}/table_x.csv"],
        input=["results/{dataset}/a.json", "data/{dataset}/b", "results/c.csv"],
    )
    assert stale.shown([rule], "d") == {"results/d/table_x.csv": {"results/d/a.json"}}
