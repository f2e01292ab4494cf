"""Ranks of many runs, read together: of the same queries, in the order of the table, or refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from edits import edited

from gxn.errors import GxnError
from gxn.evaluation.ranked import by_search, read_ranks
from gxn.hdf5 import create_hdf5

METHODS = ["vse0", "order"]


def write(path: Path, method: str = "vse0", seed: int | None = 0, protocol: str = "full", **changes) -> Path:
    arrays = {
        "i2t": np.array([1.0, 2.0]), "t2i": np.array([1.0, 1.5, 2.0]), "imgid": np.array([7, 8]),
        "sentid": np.array([70, 80, 81]), "caption_image": np.array([0, 1, 1]), "fold": np.zeros(2, int),
    }  # fmt: skip
    with create_hdf5(path, {"dataset": "scenes", "method": method, "seed": seed}) as file:
        for name, value in (arrays | changes).items():
            if value is not None:
                file.create_dataset(f"{protocol}/{name}", data=value)
    return path


def test_a_run_comes_back(tmp_path):
    (run,) = read_ranks([write(tmp_path / "a.h5", seed=3)], METHODS)
    assert (run.dataset, run.protocol, run.method, run.seed) == ("scenes", "full", "vse0", 3)
    assert (run.i2t.tolist(), run.t2i.tolist()) == ([1.0, 2.0], [1.0, 1.5, 2.0])


def test_a_row_without_a_seed_has_none(tmp_path):
    assert read_ranks([write(tmp_path / "a.h5", seed=None)], METHODS)[0].seed is None


def test_runs_stand_in_the_order_of_rows_and_seeds(tmp_path):
    paths = [
        write(tmp_path / f"{number}.h5", method, seed)
        for number, (method, seed) in enumerate([("order", 0), ("vse0", 1), ("vse0", 0)])
    ]
    found = read_ranks(paths, METHODS)
    assert [(run.method, run.seed) for run in found] == [("vse0", 0), ("vse0", 1), ("order", 0)]


def test_they_are_grouped_by_what_was_searched(tmp_path):
    paths = [
        write(tmp_path / "a.h5"),
        write(tmp_path / "b.h5", "order"),
        write(tmp_path / "c.h5", protocol="5k"),
    ]
    found = by_search(read_ranks(paths, METHODS))
    assert {key: list(rows) for key, rows in found.items()} == {
        ("scenes", "full"): ["vse0", "order"],
        ("scenes", "5k"): ["vse0"],
    }


def test_a_row_that_is_not_of_the_table_is_refused(tmp_path):
    with pytest.raises(GxnError, match=r"a\.h5: method 'vse9' is not among the rows vse0, order$"):
        read_ranks([write(tmp_path / "a.h5", "vse9")], METHODS)


def test_a_seed_given_twice_is_refused(tmp_path):
    paths = [write(tmp_path / "a.h5"), write(tmp_path / "b.h5")]
    with pytest.raises(GxnError, match=r"b\.h5: seed 0 of 'vse0' is also in .*a\.h5$"):
        read_ranks(paths, METHODS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("imgid", [7, 9]), ("sentid", [70, 80, 82]), ("caption_image", [0, 0, 1])],
)
def test_other_queries_are_refused(tmp_path, name, value):
    paths = [write(tmp_path / "a.h5"), write(tmp_path / "b.h5", "order", **{name: np.array(value)})]
    with pytest.raises(GxnError, match=rf"b\.h5: its queries \({name}\) are not those of .*a\.h5$"):
        read_ranks(paths, METHODS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"i2t": np.array([0.5, 1.0])}, "full/i2t contains a rank below 1, or NaN"),
        ({"t2i": np.array([1.0, np.nan, 1.0])}, "full/t2i contains a rank below 1, or NaN"),
        ({"t2i": np.array([1.0, np.inf, 1.0])}, "full/t2i contains a rank below 1, or NaN"),
        ({"t2i": np.array([1.0])}, r"full/t2i has shape \(1,\)"),
        ({"fold": np.array([0, -1])}, "full/fold contains a number below 0"),
        ({"fold": np.zeros(3, int)}, r"full/fold has shape \(3,\)"),
        ({"caption_image": np.array([0, 1, 2])}, "full/caption_image does not point into the 2 images"),
        ({"caption_image": np.array([0, 1, -1])}, "full/caption_image does not point into the 2 images"),
        ({"sentid": np.array([70, 70, 81])}, "full/sentid has an id twice"),
        ({"imgid": np.array([7, 7])}, "full/imgid has an id twice"),
        ({"i2t": np.array([1, 2])}, "has no dataset 'full/i2t' of floats in 1 dimensions"),
        ({"imgid": None}, "has no dataset 'full/imgid' of integers in 1 dimensions"),
    ],
)
def test_ranks_that_cannot_be_are_refused(tmp_path, changes, message):
    with pytest.raises(GxnError, match=rf"a\.h5: .*{message}"):
        read_ranks([write(tmp_path / "a.h5", **changes)], METHODS)


@pytest.mark.parametrize(
    "about", [{}, {"dataset": "d", "method": "vse0"}, {"dataset": "d", "method": "vse0", "seed": "x"}]
)
def test_metadata_of_no_run_are_refused(tmp_path, about):
    write(tmp_path / "a.h5")
    with edited(tmp_path / "a.h5") as file:
        file.attrs["gxn"] = np.bytes_(json.dumps(about))
    with pytest.raises(GxnError, match=r"a\.h5: .*\. Evaluate the run again$"):
        read_ranks([tmp_path / "a.h5"], METHODS)
