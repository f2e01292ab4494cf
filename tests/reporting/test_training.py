"""Training curves: read from the files of all stages, and drawn with a legend that fits."""

import numpy as np
import pytest
from matplotlib import pyplot

from gxn.errors import GxnError
from gxn.reporting import style
from gxn.reporting.rows import RowName
from gxn.reporting.training import COLUMNS, QUANTITIES, STAGES, Curve, read_curve, training_curves


def write(folder, text, name="joint/vse0/seed0.csv"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


class TestRead:
    @pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "cnn"])
    def test_the_folders_name_stage_and_row(self, tmp_path, stage):
        curve = read_curve(write(tmp_path, "epoch,loss\n1,2\n", f"{stage}/vse0/seed1.csv"))
        assert (curve.stage, curve.name) == (stage, "vse0")

    def test_quantities_are_columns(self, tmp_path):
        curve = read_curve(write(tmp_path, "epoch,loss,kl\n1,2,3\n2,4,5\n"))
        assert curve.epoch.tolist() == [1, 2]
        assert {key: value.tolist() for key, value in curve.values.items()} == {"loss": [2, 4], "kl": [3, 5]}

    def test_one_may_be_missing_in_some_epochs(self, tmp_path):
        curve = read_curve(write(tmp_path, "epoch,val_rsum\n1,\n2,50.5\n"))
        assert np.isnan(curve.values["val_rsum"][0]) and curve.values["val_rsum"][1] == 50.5

    def test_the_cnn_is_trained_once_for_all_rows(self, tmp_path):
        curve = read_curve(write(tmp_path, "epoch,loss,shape,colour\n1,0.5,0.5,1\n", "cnn.csv"))
        assert (curve.stage, curve.name) == ("cnn", "All rows")

    def test_its_accuracy_is_the_mean_of_its_questions(self, tmp_path):
        curve = read_curve(write(tmp_path, "epoch,loss,shape,colour\n1,0.5,0.5,1\n", "cnn.csv"))
        assert curve.values == {"loss": [0.5], "accuracy": [0.75]}

    @pytest.mark.parametrize(
        "text",
        ["", "epoch,loss\n", "loss,epoch\n1,2\n", "epoch,loss\n1\n", "epoch,loss\n1,x\n", "epoch\n1\n",
         f"epoch,loss\n1,{'2' * 200_000}\n"],
        ids=range(7),
    )  # fmt: skip
    def test_a_damaged_file_is_refused(self, tmp_path, text):
        with pytest.raises(
            GxnError, match=r"seed0\.csv: (is not a table of curves|cannot be read as curves)"
        ):
            read_curve(write(tmp_path, text))

    @pytest.mark.parametrize("name", ["warmup/vse0/seed0.csv", "joint/vse0/run0.csv"])
    def test_a_file_of_no_stage_is_refused(self, tmp_path, name):
        with pytest.raises(
            GxnError, match=r"is not named STAGE/NAME/seedN\.csv with a stage of cnn, pretrain_ranking"
        ):
            read_curve(write(tmp_path, "epoch,loss\n1,2\n", name))


def drawn(curves, rows):
    with style.house_style():
        figure = training_curves(curves, rows)
        figure.canvas.draw()
        yield figure
        pyplot.close(figure)


def curves(rows, quantities, stage="joint"):
    values = dict.fromkeys(quantities, np.ones(2))
    return [Curve(stage, name, np.arange(1.0, 3.0), values) for name in rows]


@pytest.mark.parametrize("count", [1, 8, 9, 13])
def test_every_name_of_the_legend_is_on_the_page(count):
    rows = {f"row{number}": RowName(f"Row {number}") for number in range(count)}
    for figure in drawn(curves(rows, list(QUANTITIES)[: 2 * COLUMNS]), rows):
        (legend,) = (axis.get_legend() for axis in figure.subfigs[0].axes if axis.get_legend())
        assert legend.get_window_extent().y0 >= 0
        assert [text.get_text() for text in legend.get_texts()] == [row.label for row in rows.values()]


def test_stages_stand_in_the_order_they_are_trained_in():
    rows = {"a": RowName("A")}
    given = [*curves(rows, ["loss"], "joint"), *curves(rows, ["xe_loss"], "pretrain_xe")]
    for figure in drawn(given, rows):
        assert [part.get_suptitle() for part in figure.subfigs] == [STAGES["pretrain_xe"], STAGES["joint"]]


def test_the_validations_loss_stands_in_the_panel_of_the_trainings():
    rows = {"a": RowName("A")}
    for figure in drawn(curves(rows, ["xe_loss", "val_xe_loss"]), rows):
        panels = [axis for axis in figure.subfigs[0].axes if axis.get_title()]
        assert [axis.get_title() for axis in panels] == ["Cross-entropy (dotted: val.)"]
        assert len(panels[0].lines) == 2


def test_a_line_is_the_mean_over_seeds():
    seeds = [Curve("joint", "a", np.array([1.0]), {"loss": np.array([value])}) for value in (1.0, 3.0)]
    for figure in drawn(seeds, {"a": RowName("A")}):
        (axis,) = (axis for axis in figure.subfigs[0].axes if axis.get_title())
        assert axis.lines[0].get_ydata().tolist() == [2.0]


def test_no_curves_are_no_figure():
    with pytest.raises(GxnError, match=r"^no curves given: nothing to draw$"):
        training_curves([], {})
