"""Metrics files read together, or refused where they do not compare."""

import pytest
from metrics_files import content, write

from gxn.errors import GxnError
from gxn.reporting.runs import FURTHER, METRICS, OPTIONAL, read_runs, rows

METHODS = ["vse0", "two_space", "new_row"]


@pytest.fixture
def contents():
    return [content(method, seed) for method in METHODS for seed in (0, 1, 2)]


def test_numbers_are_those_of_the_files(tmp_path):
    (run,) = read_runs(write(tmp_path, [content(scale=2.0)]), ["vse0"])
    assert (run.numbers["i2t_r1"], run.numbers["t2i_r10"], run.numbers["i2t_medr"]) == (20.0, 50.0, 7.0)
    assert run.numbers["rsum"] == 20.0 + 20.0 + 30.3 + 5.1 + 15.0 + 50.0


def test_further_columns_are_read_by_their_files_names(tmp_path):
    (run,) = read_runs(write(tmp_path, [content()]), ["vse0"])
    assert (run.numbers["i2t_meanr"], run.numbers["t2i_mrr"]) == (9.0, 0.125)
    assert set(run.numbers) == {*METRICS, *FURTHER} - {*OPTIONAL}  # of labels, which the file does not have


def test_runs_stand_in_the_order_of_rows_and_seeds(tmp_path, contents):
    found = read_runs(write(tmp_path, reversed(contents)), METHODS)
    assert [(run.method, run.seed) for run in found] == [(m, s) for m in METHODS for s in (0, 1, 2)]


def test_seeds_of_a_row_stand_together(tmp_path, contents):
    found = rows(read_runs(write(tmp_path, contents), METHODS))
    assert [[run.seed for run in row] for row in found] == [[0, 1, 2]] * 3


def test_protocols_are_datasets_of_their_own(tmp_path):
    both = content()
    both["protocols"] |= content(protocol="1k-5fold")["protocols"]
    assert [run.dataset for run in read_runs(write(tmp_path, [both]), ["vse0"])] == [
        "scenes",
        "scenes-1k-5fold",
    ]


def test_a_row_without_a_seed_stands_beside_rows_with_several(tmp_path, contents):
    found = read_runs(write(tmp_path, [*contents, content("cca", None)]), [*METHODS, "cca"])
    assert found[-1].method == "cca" and found[-1].seed is None


def test_no_files_make_no_table():
    with pytest.raises(GxnError, match=r"^no metrics files given: nothing to make a table of$"):
        read_runs([], METHODS)


REFUSED = {
    "other data": (lambda run: run["provenance"].update(data="other"),
                   r"4\.json: was made from other data than .*0\.json|0\.json: was made from other data"),
    "other configuration": (lambda run: run["provenance"].update(config="x"),
                            r"4\.json: was made with another configuration than .*3\.json"),
    "other gallery": (lambda run: run["protocols"]["full"].update(images=100),
                      r"4\.json: searches \(100, 1000\) images and captions, .* \(200, 1000\)"),
    "other protocol": (lambda run: run.update(protocols=content(protocol="5k")["protocols"]),
                       r"lacks seed 1, which other rows have|has no metrics file"),
    "same seed twice": (lambda run: run.update(seed=0), r"4\.json: seed 0 of 'two_space' is also in .*3\.json"),
    "seed of its own": (lambda run: run.update(seed=7), r"lacks seed \d, which other rows have"),
    "no seed": (lambda run: run.update(seed=None), r"row 'two_space' has runs with and without a seed"),
    "unknown row": (lambda run: run.update(method="vse9"), r"4\.json: method 'vse9' is not among the rows vse0, "),
    "recall of NaN": (lambda run: run["protocols"]["full"]["i2t"].update(r1=float("nan")),
                      r"4\.json: i2t_r1 is nan\. Evaluate the run again"),
    "recall over 100": (lambda run: run["protocols"]["full"]["t2i"].update(r10=101), r"4\.json: t2i_r10 is 101"),
    "negative rank": (lambda run: run["protocols"]["full"]["t2i"].update(medr=-1), r"4\.json: t2i_medr is -1"),
    "sum that is not": (lambda run: run["protocols"]["full"].update(rsum=600.0),
                        r"4\.json: rsum 600\.0 is not the sum of the recalls"),
    "no further column": (lambda run: run["protocols"]["full"]["i2t"].pop("mrr"),
                          r"4\.json: is not a metrics file: KeyError 'mrr'\. Make it again"),
    "no provenance": (lambda run: run.pop("provenance"), r"4\.json: is not a metrics file: KeyError 'provenance'"),
    "no protocol": (lambda run: run.update(protocols={}), r"4\.json: is not a metrics file: .*it has no protocol"),
    "text for a number": (lambda run: run["protocols"]["full"].update(rsum="much"), r"4\.json: is not a metrics"),
    "infinite seed": (lambda run: run.update(seed=float("inf")), r"4\.json: is not a metrics file: OverflowError"),
    "list for protocols": (lambda run: run.update(protocols=[1]), r"4\.json: is not a metrics"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_mixtures_and_damage_are_refused(tmp_path, contents, fault):
    change, message = REFUSED[fault]
    change(contents[4])
    with pytest.raises(GxnError, match=message):
        read_runs(write(tmp_path, contents), METHODS)


def test_a_missing_row_is_refused(tmp_path, contents):
    with pytest.raises(GxnError, match=r"^row 'new_row' has no metrics file for scenes, .*0\.json has one$"):
        read_runs(write(tmp_path, contents[:6]), METHODS)


def test_a_file_given_twice_is_refused(tmp_path, contents):
    paths = write(tmp_path, contents)
    with pytest.raises(GxnError, match="is also in"):
        read_runs([*paths, paths[0]], METHODS)


def test_a_file_that_is_not_json_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(GxnError, match=r"a\.json: is not JSON"):
        read_runs([tmp_path / "a.json"], METHODS)
