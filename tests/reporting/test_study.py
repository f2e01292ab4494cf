"""The record of a study, as it is read."""

import pytest
from made_results import METHODS
from made_study import make_study

from gxn.errors import GxnError
from gxn.reporting import style
from gxn.reporting.study import Study


@pytest.fixture(scope="module")
def study(results, tmp_path_factory):
    return Study(make_study(results, tmp_path_factory.mktemp("study") / "mine").parent)


def test_rows_have_their_order_and_names(study):
    assert list(study.rows) == list(METHODS) and study.rows["two_space"].label == "Two spaces"


def test_every_run_is_read(study):
    assert len(study.runs) == 3 * len(METHODS)
    assert {row: len(runs) for row, runs in study.ranked.items()} == dict.fromkeys(METHODS, 3)


def test_people_stand_behind_the_rows_that_imagine(study):
    assert [row["method"] for row in study.imagined()] == [*METHODS[4:], "people", "chance"]


def test_curves_are_those_of_every_stage(study):
    assert {path.parts[-3] for path in study.curves()} >= {"joint", "pretrain_xe"}
    assert study.folder / "curves/cnn.csv" in study.curves()


def test_rows_without_a_colour_are_not_shown_nor_are_their_encoders(study, monkeypatch):
    monkeypatch.setattr(style, "PALETTE", ("#000000",) * 3)
    assert list(study.shown) == list(METHODS[:3])
    assert {path.parent.name for path in study.curves()} == {"curves", "cosine", *METHODS[:3]}


def test_a_folder_that_is_no_record_is_refused(tmp_path):
    (tmp_path / "about.json").write_text("{}")
    with pytest.raises(GxnError, match=r"about\.json: is not a record's"):
        _ = Study(tmp_path).rows
