"""Figures of the answers."""

import pandas as pd
import pytest

from gxn.reporting import style
from gxn.reporting.effects import along, effects
from gxn.reporting.rows import RowName

ROWS = {key: RowName(key) for key in ("two_space", "gxn_i2t_xe", "gxn_t2i", "gxn_i2t_t2i")}


@pytest.fixture
def table():
    lines = [
        {"row": row, "label": row, "against": "control", "line": line, "at": at}
        | {"difference": 1.0 * at, "low": at - 2.0, "high": at + 3.0}
        for line, row in (("Captions", "gxn_i2t_xe"), ("Drawings", "gxn_t2i"), ("Both", "gxn_i2t_t2i"))
        for at in (1, 4)
    ]
    return pd.DataFrame(lines)


def test_rows_stand_below_one_another_in_their_order_with_the_control_as_a_line():
    lines = [
        {
            "study": study,
            "row": row,
            "control": "two_space",
            "control_rsum": 400.0,
            "difference": value,
            "low": value - 1,
            "high": value + 2,
        }
        for study, value in (("scenes", -3.0), ("flickr8k", 2.0))
        for row in ("gxn_t2i", "gxn_i2t_xe")
    ]
    with style.house_style():
        axes = effects(pd.DataFrame(lines), ROWS, 3.0).axes
        names = [text.get_text() for text in axes[0].get_yticklabels()]
    assert names == ["gxn_i2t_xe", "gxn_t2i"] and [axis.get_title() for axis in axes] == [
        "scenes",
        "flickr8k",
    ]
    assert [float(each.lines[0].get_xdata()[0]) for each in axes[1].containers] == [2.0, 2.0]
    assert axes[0].lines[0].get_color() == style.looks(ROWS)["two_space"].colour


def test_a_row_far_off_is_a_number_at_the_edge():
    lines = [
        {"study": "scenes", "row": row, "control": "two_space", "control_rsum": 400.0, "difference": value}
        | {"low": value - 1, "high": value + 1}
        for row, value in (("gxn_t2i", -300.0), ("gxn_i2t_xe", 2.0))
    ]
    with style.house_style():
        axis = effects(pd.DataFrame(lines), ROWS, 3.0).axes[0]
        assert axis.get_xlim()[0] > -60
    assert [text.get_text() for text in axis.texts] == ["\u25c2 \u2212300"]
    assert [float(each.lines[0].get_xdata()[0]) for each in axis.containers] == [2.0]


def test_a_line_has_the_colour_of_its_row_and_its_differences(table):
    with style.house_style():
        axis = along(table, ROWS, "Images", 3.0).axes[0]
        containers = {each.get_label(): each.lines[0] for each in axis.containers}
    assert list(containers["Drawings"].get_ydata()) == [1.0, 4.0]
    assert containers["Drawings"].get_color() == style.looks(ROWS)["gxn_t2i"].colour
