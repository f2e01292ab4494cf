"""Figures: drawn from result files alone, the same bytes again, and honest about what they show."""

import importlib
import io
import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from matplotlib import pyplot
from PIL import Image

from gxn.errors import GxnError
from gxn.evaluation.embeddings import read_embeddings
from gxn.evaluation.ranks import ranks
from gxn.reporting import grids, queries, style, training
from gxn.reporting.training import read_curve
from gxn.similarities import SIMILARITIES

FIGURES = ("ablation", "recall", "training", "i2t", "t2i", "framework")


def arguments(results, name):
    """The command line of each figure, without its outputs."""
    methods = ["--methods", json.dumps(results.methods)]
    shown = ["--captions", results.one("captions.json"), "--thumbnails", results.one("thumbnails.h5")]
    shown += ["--embeddings", results.one("embeddings/gxn_i2t_t2i/seed0.h5"), "--imagined"]
    return {
        "ablation": ["--metrics", *results.each("metrics/*/*"), *methods],
        "recall": ["--ranks", *results.each("ranks/*/*"), *methods],
        "training": ["--curves", *results.each("curves/**/*.csv"), *methods],
        "i2t": [*shown, results.one("imagined.json")],
        "t2i": [*shown, results.one("imagined.h5")],
        "framework": [],
    }[name]


@pytest.fixture
def draw(monkeypatch, capsys):
    """Run a figure's step in this process: its exit status, and what it said on standard error."""

    def call(name, folder, given):
        outputs = [f"--pdf={folder / 'f.pdf'}", f"--png={folder / 'f.png'}"]
        monkeypatch.setattr(sys, "argv", [name, *given, *outputs])
        try:
            importlib.import_module(f"gxn.steps.figure_{name}").main()
        except SystemExit as end:
            return end.code, capsys.readouterr().err
        return 0, capsys.readouterr().err

    return call


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.filterwarnings("error::UserWarning")
def test_a_figure_is_drawn_in_both_forms_without_dates(tmp_path, results, draw, name):
    folder = tmp_path / "a folder"
    assert draw(name, folder, arguments(results, name)) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == ["f.pdf", "f.png"]
    pdf = (folder / "f.pdf").read_bytes()
    assert pdf.startswith(b"%PDF") and b"CreationDate" not in pdf and b"Matplotlib" not in pdf
    with Image.open(folder / "f.png") as image:
        assert image.width == round(300 * style.WIDTH) and image.height > 600
        assert not image.text  # no version, no date
        assert len(np.unique(np.asarray(image.convert("L")))) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_another_process_draws_the_same_bytes(tmp_path, results, draw, name):
    assert draw(name, tmp_path / "first", arguments(results, name))[0] == 0
    outputs = [f"--{form}={tmp_path / 'second' / f'f.{form}'}" for form in ("pdf", "png")]
    command = [sys.executable, "-m", f"gxn.steps.figure_{name}", *arguments(results, name), *outputs]
    settings = tmp_path / "matplotlibrc"  # a user's own taste changes nothing
    settings.write_text("font.size: 20\nsavefig.dpi: 50\nlines.linewidth: 9\n")
    environment = os.environ | {"PYTHONHASHSEED": "7", "MATPLOTLIBRC": str(settings)}
    subprocess.run(command, check=True, env=environment)
    for form in ("f.pdf", "f.png"):
        assert (tmp_path / "first" / form).read_bytes() == (tmp_path / "second" / form).read_bytes()


def test_plotting_needs_no_torch():
    steps = ", ".join(f"gxn.steps.figure_{name}" for name in FIGURES)
    check = f"import sys, gxn.steps.table, {steps}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0


@pytest.mark.parametrize("name", ["i2t", "t2i"])
def test_a_run_that_imagines_nothing_leaves_the_column_out(tmp_path, results, draw, name):
    assert draw(name, tmp_path, arguments(results, name)[:-2]) == (0, "")
    assert (tmp_path / "f.png").stat().st_size > 10_000


def test_empty_parts_are_columns_left_out(tmp_path):
    (tmp_path / "i.json").write_text('{"metrics": {}}')
    assert queries.read_spoken(tmp_path / "i.json", np.arange(3)) is None
    with h5py.File(tmp_path / "i.h5", "w"):
        pass
    assert queries.read_drawn(tmp_path / "i.h5") is None


def test_queries_run_from_easy_to_hard_and_nobody_picks_them(results):
    one = read_embeddings(results.one("embeddings/vse0/seed0.h5"))
    found = ranks(one.images, one.texts, one.caption_image, one.similarity, one.weights)
    chosen = queries.caption_queries(one, found.t2i, grids.ROWS, grids.BEST, None)
    assert [each.rank for each in chosen] == sorted(each.rank for each in chosen)
    assert [each.rank for each in chosen] == found.t2i[[each.query for each in chosen]].tolist()
    assert len({one.caption_image[each.query] for each in chosen}) == grids.ROWS
    middles = np.quantile(found.t2i, [0.1, 0.3, 0.5, 0.7, 0.9])
    assert chosen[0].rank <= middles[1] and chosen[-1].rank >= middles[3]
    again = queries.caption_queries(one, found.t2i, grids.ROWS, grids.BEST, None)
    assert again == chosen


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_the_true_answer_stands_where_its_rank_says(results, similarity):
    one = read_embeddings(results.one("embeddings/two_space/seed0.h5"))
    object.__setattr__(one, "similarity", similarity)
    found = ranks(one.images, one.texts, one.caption_image, one.similarity, one.weights)
    for each in queries.caption_queries(one, found.t2i, 20, 5, None):
        place = each.best.index(one.caption_image[each.query]) + 1 if each.rank <= 5 else 0
        assert place == (each.rank if each.rank <= 5 else 0)
    for each in queries.image_queries(one, found.i2t, 20, 5):
        right = [one.caption_image[row] == each.query for row in each.best]
        assert (right.index(True) + 1 if any(right) else 6) == min(each.rank, 6)


def test_only_captions_that_were_drawn_are_asked(results):
    one = read_embeddings(results.one("embeddings/vse0/seed0.h5"))
    drawn = one.sentid[::17]
    rank = np.arange(1.0, len(one.sentid) + 1)
    chosen = queries.caption_queries(one, rank, 5, 5, drawn)
    assert len(chosen) == 5 and all(one.sentid[each.query] in drawn for each in chosen)


def test_fewer_queries_than_rows_are_all_shown():
    rank, ids = np.array([3.0, 1.0, np.nan]), np.arange(3)
    assert queries.choose(rank, ids, ids, 5) == [1, 0]


@pytest.mark.parametrize("rows", [1, 8, 9, 13])
def test_every_name_of_the_legend_is_on_the_page(rows):
    values = dict.fromkeys(list(training.QUANTITIES)[: 2 * training.COLUMNS], np.ones(2))
    names = [f"row{number}" for number in range(rows)]
    curves = [training.Curve("joint", name, np.arange(1.0, 3.0), values) for name in names]
    with pyplot.rc_context(style.SETTINGS):
        figure = training.training_curves(curves, names)
        figure.canvas.draw()
    (legend,) = (axis.get_legend() for axis in figure.subfigs[0].axes if axis.get_legend())
    assert legend.get_window_extent().y0 >= 0
    pyplot.close(figure)


def test_dollars_in_captions_are_no_mathematics():
    figure, axis = pyplot.subplots()
    grids._paragraph(axis, r"costs $\frac and $6", 3.0, below="$5 and $_6")
    grids._sentences(axis, [(r"$\frac of $6", True), ("$5 and $^6", False)], 3.0)
    figure.savefig(io.BytesIO())  # what is no mathematics would be refused here
    assert [text.get_parse_math() for text in axis.texts] == [False] * len(axis.texts)
    pyplot.close(figure)


FAULTS = {
    "thumbnail missing": ("i2t", "thumbnails.h5", "imgid 0 is missing"),
    "caption missing": ("i2t", "captions.json", "sentid"),
    "imagined caption missing": ("i2t", "imagined.json", "imagined caption"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_files_of_different_runs_are_refused(tmp_path, results, draw, fault):
    name, file, message = FAULTS[fault]
    given = arguments(results, name)
    path = tmp_path / file
    if file == "thumbnails.h5":
        with h5py.File(path, "w") as other:
            other["images"], other["imgid"] = np.zeros((1, 3, 8, 8), np.uint8), np.array([1])
        message = "is missing"
    else:
        content = json.loads(open(results.one(file)).read())
        if file == "captions.json":
            content["images"] = content["images"][:5]
        else:
            content["captions"] = {"-1": "nothing"}
        path.write_text(json.dumps(content))
    status, said = draw(name, tmp_path, [str(path) if part == results.one(file) else part for part in given])
    assert status == 2 and said.count("\n") == 1
    assert message in said and file in said
    assert not (tmp_path / "f.pdf").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "epoch,loss\n",
        "loss,epoch\n1,2\n",
        "epoch,loss\n1\n",
        "epoch,loss\n1,x\n",
        "epoch\n1\n",
        f"epoch,loss\n1,{'2' * 200_000}\n",
    ],
    ids=range(7),
)
def test_damaged_curves_are_refused(tmp_path, text):
    path = tmp_path / "joint/vse0/seed0.csv"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(GxnError, match=r"seed0\.csv"):
        read_curve(path)


def test_the_cnn_is_trained_once_for_all_rows(tmp_path):
    path = tmp_path / "cnn.csv"
    path.write_text("epoch,loss,shape,colour\n1,0.5,0.5,1\n")
    curve = read_curve(path)
    assert (curve.stage, curve.name) == ("cnn", "All rows")
    assert curve.values == {"loss": [0.5], "accuracy": [0.75]}


def test_a_quantity_may_be_missing_in_some_epochs(tmp_path):
    path = tmp_path / "joint/vse0/seed0.csv"
    path.parent.mkdir(parents=True)
    path.write_text("epoch,val_rsum\n1,\n2,50.5\n")
    curve = read_curve(path)
    assert (curve.stage, curve.name) == ("joint", "vse0")
    assert np.isnan(curve.values["val_rsum"][0]) and curve.values["val_rsum"][1] == 50.5


def test_rows_look_different_and_alike_in_every_figure():
    keys = [f"row{place}" for place in range(12)]
    looks = style.looks(keys)
    assert len({(look.colour, look.dashes) for look in looks.values()}) == 12
    assert len({look.colour for look in list(looks.values())[:8]}) == 8
    assert style.looks(keys[:3]) == {key: looks[key] for key in keys[:3]}


def test_lines_of_wide_letters_fit():
    lines = grids._wrapped("Жёлтый мяч шумно катится между домами " * 4, 2.0, 7.0, 5)
    assert len(lines) == 5 and max(grids._inches(7.0, line) for line in lines) <= 2.0
