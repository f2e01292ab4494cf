"""Tables and figures of an earlier run are named."""

import os
from pathlib import Path

import pytest
from plans import plan
from workflow import stale

METRICS = "results/scenes/metrics/vsepp/seed0.json"
TABLES = ("results/scenes/table_ablation.csv", "results/scenes/table_significance.csv")
FIGURE = "results/scenes/figures/recall.png"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A result, two tables and a figure, made at 100 seconds but for the first table, made at 300."""
    monkeypatch.chdir(tmp_path)
    for path, time in ((METRICS, 200), (TABLES[0], 300), (TABLES[1], 100), (FIGURE, 100)):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
        os.utime(path, (time, time))
    return plan()


def test_what_is_older_than_a_new_result_is_named(place):
    found = stale.older_than_results(place, [METRICS], since=150)
    assert found == [TABLES[1], FIGURE]
    assert "table_significance.csv" in stale.warning(found) and "tables figures" in stale.warning(found)


def test_results_of_earlier_runs_do_not_count(place):
    """Their times may be those of a checkout."""
    assert stale.older_than_results(place, [METRICS], since=250) == [] and stale.warning([]) == ""


def test_a_result_that_is_not_there_does_not_count(place):
    assert stale.older_than_results(place, ["none.json"], since=0) == []
