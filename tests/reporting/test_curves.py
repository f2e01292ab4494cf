"""Recall@K both ways."""

import numpy as np
import pytest

from gxn.evaluation.metrics import recall
from gxn.evaluation.ranked import Ranked
from gxn.reporting import style
from gxn.reporting.curves import DEPTH, recall_curves
from gxn.reporting.rows import RowName

ROWS = {"a": RowName("A"), "b": RowName("B")}


def run(method: str, seed: int, i2t: list[float]) -> Ranked:
    ids = np.arange(4)
    return Ranked(None, "d", "full", method, seed, np.array(i2t), np.ones(4), ids, ids, ids, np.zeros(4, int))


@pytest.fixture
def axes():
    runs = [run("a", 0, [1, 2, 3, 4]), run("a", 1, [1, 1, 1, 4]), run("b", 0, [4, 4, 4, 4])]
    with style.house_style():
        yield recall_curves(runs, ROWS, "b").axes


def test_there_is_a_line_for_each_row_and_one_of_chance(axes):
    assert [line.get_label() for line in axes[0].lines] == ["A", "B", "Chance"]


def test_a_line_is_the_mean_over_seeds(axes):
    expected = [
        np.mean([recall(np.array(ranks), k) for ranks in ([1, 2, 3, 4], [1, 1, 1, 4])])
        for k in range(1, DEPTH + 1)
    ]
    assert axes[0].lines[0].get_ydata() == pytest.approx(expected)


def test_chance_is_k_in_n(axes):
    assert axes[1].lines[-1].get_ydata()[:4] == pytest.approx([25, 50, 75, 100])


def test_both_directions_stand_side_by_side(axes):
    assert [axis.get_title() for axis in axes] == ["Image to text", "Text to image", "", ""]


def test_below_them_stand_differences_from_the_control(axes):
    ours, control = (line.get_ydata() for line in axes[0].lines[:2])
    assert [line.get_label() for line in axes[2].lines] == ["A", "B"]
    assert axes[2].lines[0].get_ydata() == pytest.approx(ours - control)
    assert not axes[2].lines[1].get_ydata().any()


def test_without_the_control_there_are_no_differences():
    with style.house_style():
        assert len(recall_curves([run("a", 0, [1, 2, 3, 4])], ROWS, "b").axes) == 2
