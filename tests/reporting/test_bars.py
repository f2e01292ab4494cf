"""Bars of the ablation."""

import pytest
from matplotlib import pyplot
from metrics_files import content, write

from gxn.reporting import style
from gxn.reporting.bars import PANELS, ablation_bars
from gxn.reporting.rows import RowName
from gxn.reporting.runs import read_runs

ROWS = {"vse0": RowName("VSE0"), "two_space": RowName("Two spaces")}


@pytest.fixture
def figure(tmp_path):
    contents = [
        content(method, seed, scale) for method, scale in (("vse0", 1), ("two_space", 2)) for seed in (0, 1)
    ]
    with style.house_style():
        yield ablation_bars(read_runs(write(tmp_path, contents), ROWS), ROWS)


def test_there_is_a_panel_for_each_number(figure):
    assert len(figure.axes) == len(PANELS)


def test_bars_are_means_over_seeds_from_zero(figure):
    bars = figure.axes[PANELS.index("i2t_r1")].patches
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(0, 10.0), (0, 20.0)]


def test_there_is_a_dot_for_each_seed(figure):
    axis = figure.axes[PANELS.index("rsum")]
    dots = [len(each.get_offsets()) for each in axis.collections if len(each.get_offsets())]
    assert dots[-2:] == [2, 2]


def test_rows_are_called_by_their_labels_from_above(figure):
    axis = figure.axes[0]
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["VSE0", "Two spaces"]
    assert axis.get_ylim()[0] > axis.get_ylim()[1]


def test_a_dataset_is_a_line_of_panels(tmp_path):
    both = content()
    both["protocols"] |= content(protocol="1k-5fold")["protocols"]
    rows = {"vse0": RowName("VSE0")}
    with style.house_style():
        figure = ablation_bars(read_runs(write(tmp_path, [both]), rows), rows)
        assert len(figure.axes) == 2 * len(PANELS)
        pyplot.close(figure)
