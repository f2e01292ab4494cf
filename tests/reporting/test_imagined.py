"""The table of what rows imagine."""

import json

import pytest

from gxn.errors import GxnError
from gxn.reporting.imagined import columns, filled, imagination


def write(folder, name, method="a", seed=0, metrics=None, warnings=(), **changes):
    path = folder / name
    content = {"dataset": "d", "method": method, "seed": seed, "metrics": metrics, "warnings": list(warnings)}
    path.write_text(json.dumps(content | changes))
    return path


def test_numbers_are_means_and_deviations_over_seeds(tmp_path):
    paths = [
        write(tmp_path, f"{s}.json", seed=s, metrics={"cider_d": 1.0 + s, "bleu4": 10.0}) for s in (0, 1)
    ]
    (row,) = imagination(paths, None, ["a"])
    assert (row["cider_d"], row["bleu4"], row["bleu4_std"], row["seeds"]) == (1.5, 10.0, 0.0, 2)
    assert row["cider_d_std"] == pytest.approx(0.5**0.5)


def test_one_seed_has_no_deviation(tmp_path):
    (row,) = imagination([write(tmp_path, "a.json", metrics={"fidelity": 0.5})], None, ["a"])
    assert (row["fidelity"], row["fidelity_std"]) == (0.5, None)


def test_rows_stand_in_the_order_of_the_table_and_those_without_runs_are_left_out(tmp_path):
    paths = [write(tmp_path, f"{name}.json", name, metrics={}) for name in ("a", "b")]
    assert [row["method"] for row in imagination(paths, None, ["b", "a", "c"])] == ["b", "a"]


def test_seeds_that_collapsed_are_counted(tmp_path):
    paths = [write(tmp_path, f"{s}.json", seed=s, metrics={}, warnings=["w"] * (s > 0)) for s in (0, 1, 2)]
    assert imagination(paths, None, ["a"])[0]["collapsed"] == 2


def test_columns_are_those_that_a_row_has_in_the_order_of_their_first_place():
    rows = [{"dataset": "d", "method": "a", "bleu4": 1.0}, {"dataset": "d", "method": "b", "fidelity": 0.5}]
    assert columns(rows) == ("dataset", "method", "seeds", "collapsed", "bleu4", "fidelity")


def test_what_a_row_has_not_is_nothing():
    rows = filled([{"method": "a", "bleu4": 1.0}, {"method": "b", "fidelity": 0.5}])
    assert (rows[0]["fidelity"], rows[1]["bleu4"], rows[0]["bleu4"]) == (None, None, 1.0)


class TestLines:
    @pytest.fixture
    def lines(self, tmp_path):
        """People and chance."""
        found = {"dataset": "d", "lines": {"people": {"bleu4": 20.0}, "chance": {"bleu4": 2.0}}}
        (tmp_path / "lines.json").write_text(json.dumps(found))
        return tmp_path / "lines.json"

    def test_people_and_chance_stand_behind_the_rows(self, tmp_path, lines):
        found = imagination([write(tmp_path, "a.json", metrics={"bleu4": 10.0})], lines, ["a"])
        assert [(row["method"], row["bleu4"], row["seeds"]) for row in found[1:]] == [
            ("people", 20.0, 0),
            ("chance", 2.0, 0),
        ]

    @pytest.mark.parametrize("floor", [{}, {"frechet": 3.0}])
    def test_a_frechet_distance_stands_beside_its_floor_or_not_at_all(self, tmp_path, floor):
        (tmp_path / "l.json").write_text(json.dumps({"dataset": "d", "lines": {"people": floor}}))
        rows = imagination([write(tmp_path, "a.json", metrics={"frechet": 9.0})], tmp_path / "l.json", ["a"])
        assert [row.get("frechet") for row in rows] == ([9.0, 3.0] if floor else [None, None])
        assert ("frechet_std" in rows[0]) == bool(floor)

    def test_where_no_row_imagines_there_are_none(self, lines):
        assert imagination([], lines, ["a"]) == []

    @pytest.mark.parametrize("content", ["[]", "{}", '{"dataset": "d", "lines": {"people": {"bleu4": "x"}}}'])
    def test_a_damaged_file_is_named(self, tmp_path, lines, content):
        lines.write_text(content)
        with pytest.raises(GxnError, match=r"lines\.json: is not a file of the step imagined_lines"):
            imagination([write(tmp_path, "a.json", metrics={})], lines, ["a"])


def test_a_seed_given_twice_is_named(tmp_path):
    path = write(tmp_path, "a.json", metrics={})
    with pytest.raises(GxnError, match=r"a\.json: a has seed 0 twice"):
        imagination([path, path], None, ["a"])


REFUSED = r"a\.json: is not a file of the step imagine for these rows"


def test_a_run_of_no_row_is_named(tmp_path):
    with pytest.raises(GxnError, match=REFUSED):
        imagination([write(tmp_path, "a.json", metrics={})], None, ["b"])


@pytest.mark.parametrize("wrong", [None, "0.3", [1], True, float("nan"), float("inf"), 10**400])
def test_a_metric_that_is_no_finite_number_is_refused(tmp_path, wrong):
    path = write(tmp_path, "a.json", metrics={"fidelity": wrong})
    with pytest.raises(GxnError, match=REFUSED):
        imagination([path], None, ["a"])


@pytest.mark.parametrize("change", [{"metrics": [["fidelity", 0.5]]}, {"seed": "x"}, {"metrics": None}])
def test_a_file_of_another_form_is_refused(tmp_path, change):
    path = write(tmp_path, "a.json", **{"metrics": {}} | change)
    with pytest.raises(GxnError, match=REFUSED):
        imagination([path], None, ["a"])
