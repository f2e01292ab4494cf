"""The table of what rows imagine."""

import json

import pytest

from gxn.errors import GxnError
from gxn.reporting.imagined import imagination


def write(folder, name, method, seed, metrics):
    path = folder / name
    path.write_text(json.dumps({"dataset": "d", "method": method, "seed": seed, "metrics": metrics}))
    return path


def test_means_and_spread_over_seeds_and_nothing_where_a_path_is_absent(tmp_path):
    paths = [write(tmp_path, f"{s}.json", "a", s, {"cider_d": 1.0 + s, "bleu4": 10.0}) for s in (0, 1)]
    paths.append(write(tmp_path, "b.json", "b", 0, {"fidelity": 0.5}))
    first, second = imagination(paths, ["b", "a", "c"])
    assert (first["method"], first["fidelity"], first["fidelity_std"], first["cider_d"]) == (
        "b",
        0.5,
        None,
        None,
    )
    assert (second["cider_d"], second["bleu4"], second["bleu4_std"], second["seeds"]) == (1.5, 10.0, 0.0, 2)
    assert second["cider_d_std"] == pytest.approx(0.5**0.5)


def test_a_run_of_no_row_or_twice_is_named(tmp_path):
    path = write(tmp_path, "a.json", "a", 0, {})
    with pytest.raises(GxnError, match=r"a\.json: a has seed 0 twice"):
        imagination([path, path], ["a"])
    with pytest.raises(GxnError, match=r"a\.json: is no file of the step imagine"):
        imagination([path], ["b"])


@pytest.mark.parametrize("wrong", [None, "0.3", [1], True, float("nan"), float("inf"), 10**400])
def test_a_metric_that_is_no_finite_number_is_refused(tmp_path, wrong):
    path = write(tmp_path, "a.json", "a", 0, {"fidelity": wrong})
    with pytest.raises(GxnError, match=r"a\.json: is no file of the step imagine"):
        imagination([path], ["a"])


def test_metrics_are_a_mapping(tmp_path):
    with pytest.raises(GxnError, match=r"a\.json: is no file of the step imagine"):
        imagination([write(tmp_path, "a.json", "a", 0, [["fidelity", 0.5]])], ["a"])
