"""Bars of what rows imagine."""

import pytest

from gxn.reporting import style
from gxn.reporting.imagined_bars import imagined_bars, panels
from gxn.reporting.rows import RowName

ROWS = {"xe": RowName("Captions"), "t2i": RowName("Drawings")}
TABLE = [
    {"method": "xe", "seeds": 3, "collapsed": 0, "cider_d": 0.4, "cider_d_std": 0.1, "cider_d_chance": 0.2},
    {
        "method": "t2i",
        "seeds": 3,
        "collapsed": 1,
        "drawn_colour": 0.5,
        "drawn_colour_std": None,
        "drawn_colour_chance": 0.1,
    },
    {"method": "people", "seeds": 0, "cider_d": 0.6, "drawn_colour": 1.0, "mentions_true": 1.0},
    {"method": "chance", "seeds": 0, "mentions_true": 0.1},
]


def test_panels_are_of_measures_that_a_row_has():
    assert panels(TABLE) == ["cider_d", "drawn_colour"]


def test_bars_stand_beside_people_and_chance():
    with style.house_style():
        axis = imagined_bars(TABLE, ROWS).axes[0]
        bars = [patch.get_width() for patch in axis.patches]
        lines = [line.get_xdata()[0] for line in axis.lines if len(set(line.get_xdata())) == 1]
    assert bars == [0.4]
    assert lines[-2:] == pytest.approx([0.6, 0.2])


def test_a_row_of_which_a_seed_collapsed_says_so():
    with style.house_style():
        figure = imagined_bars(TABLE, ROWS)
    names = [tick.get_text() for axis in figure.axes for tick in axis.get_yticklabels() if axis.axison]
    assert names == ["Captions", "Drawings (collapsed)"]
