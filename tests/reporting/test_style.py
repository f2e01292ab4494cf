"""Style of the figures, and their files."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from PIL import Image

from gxn.reporting import style
from gxn.reporting.rows import RowName

KEYS = [f"row{place}" for place in range(12)]
ROWS = {key: RowName(key) for key in KEYS}


class TestLooks:
    def test_no_two_rows_look_the_same(self):
        looks = style.looks(ROWS)
        assert len({(look.colour, look.dashes) for look in looks.values()}) == 12

    def test_the_first_nine_have_colours_of_their_own(self):
        looks = list(style.looks(ROWS).values())
        assert len({look.colour for look in looks[:9]}) == 9

    def test_a_row_looks_alike_whatever_comes_behind_it(self):
        looks = style.looks(ROWS)
        assert style.looks({key: ROWS[key] for key in KEYS[:3]}) == {key: looks[key] for key in KEYS[:3]}

    def test_a_row_may_have_a_colour_of_its_own(self):
        assert style.looks({"a": RowName("A", "#123456")})["a"].colour == "#123456"

    def test_further_keys_come_behind_the_rows(self):
        assert list(style.looks({"a": RowName("A")}, ["cosine"])) == ["a", "cosine"]


@pytest.fixture
def drawn(tmp_path):
    """A figure in both forms."""
    outputs = style.Outputs(pdf=tmp_path / "a folder/f.pdf", png=tmp_path / "a folder/f.png")
    with style.house_style():
        figure, axis = pyplot.subplots(figsize=(style.WIDTH, 2))
        axis.plot(np.arange(5))
        style.save(figure, outputs)
    return outputs


def test_a_pdf_holds_no_date_and_no_version(drawn):
    pdf = drawn.pdf.read_bytes()
    assert pdf.startswith(b"%PDF") and b"CreationDate" not in pdf and b"Matplotlib" not in pdf


def test_a_png_holds_no_text(drawn):
    with Image.open(drawn.png) as image:
        assert image.width == round(300 * style.WIDTH) and not image.text


def test_the_users_own_taste_changes_nothing(drawn, tmp_path):
    first = drawn.png.read_bytes()
    with matplotlib.rc_context({"font.size": 20, "savefig.dpi": 50, "lines.linewidth": 9}):
        with style.house_style():
            figure, axis = pyplot.subplots(figsize=(style.WIDTH, 2))
            axis.plot(np.arange(5))
            style.save(figure, drawn)
    assert drawn.png.read_bytes() == first


def test_afterwards_the_users_settings_are_as_they_were():
    with matplotlib.rc_context({"font.size": 20}):
        with style.house_style():
            assert matplotlib.rcParams["font.size"] == 8
        assert matplotlib.rcParams["font.size"] == 20


def test_a_layout_is_rounded_so_that_its_last_digits_do_not_vary(tmp_path):
    with style.house_style():
        figure = pyplot.figure(figsize=(3, 3), layout="constrained")
        for part in figure.subfigures(2, 1, height_ratios=[1, 2]):
            part.subplots(1, 3)[0].set_title("a title")
        style.save_pdf(figure, tmp_path / "a.pdf")
        axes = [axis.get_position().get_points() for axis in figure.axes]
        parts = [part.bbox_relative.get_points() for part in figure.subfigs]
    assert (len(axes), len(parts)) == (6, 2)
    for points in [*axes, *parts]:
        np.testing.assert_array_equal(points, points.round(style.DIGITS))
