"""Retrieval grids: text that fits, and dollars that are no mathematics."""

import io

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from gxn.reporting import style
from gxn.reporting.grids import caption_grid, image_grid
from gxn.reporting.queries import Found

PICTURE = np.full((8, 8, 3), 100, np.uint8)
DOLLARS = r"costs $\frac and $6 or $^6"


@pytest.fixture
def house():
    """Draw in the house's style."""
    with style.house_style():
        yield
        pyplot.close("all")


def images(sentences: list[str], spoken: list[str] | None = None, collapsed: bool = False) -> Figure:
    found = [Found(0, 2.0, list(range(len(sentences))))]
    owners = np.array([1] * (len(sentences) - 1) + [0])
    return image_grid(found, [PICTURE], sentences, owners, spoken, collapsed)


def captions(query: str, drawn: np.ndarray | None = None, collapsed: bool = False) -> Figure:
    found = [Found(0, 3.0, [0, 1, 2])]
    return caption_grid(found, [query], [[PICTURE, PICTURE, PICTURE]], [1], drawn, collapsed)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axis in figure.axes for text in axis.texts]


@pytest.mark.parametrize("make", [lambda: images([DOLLARS] * 3, [DOLLARS]), lambda: captions(DOLLARS)])
def test_dollars_in_captions_are_no_mathematics(house, make):
    make().savefig(io.BytesIO())  # what is no mathematics would be refused here


def test_the_own_caption_is_marked(house):
    found = texts(images(["one", "two", "three"]))
    assert found.count("✓") == 1 and found.index("✓") < found.index("three")


def test_the_own_image_is_marked(house):
    assert texts(captions("a query")).count("✓") == 1


def test_the_rank_of_the_query_is_said(house):
    assert images(["one"]).axes[0].get_xlabel() == "rank 2"
    assert "rank 3" in texts(captions("a query"))


def titles(figure: Figure) -> list[str]:
    found = [axis.get_title(loc=side) for axis in figure.axes for side in ("left", "center")]
    return [each for each in found if each]


def test_a_collapsed_network_heads_its_column(house):
    assert "Collapsed caption" in titles(images(["one"], ["a dog"], collapsed=True))
    assert "Collapsed" in titles(captions("a query", PICTURE[None], collapsed=True))


@pytest.mark.parametrize(
    ("make", "column"),
    [
        (lambda imagined: images(["one"], ["a dog"] if imagined else None), "Imagined caption"),
        (lambda imagined: captions("a query", PICTURE[None] if imagined else None), "Imagined"),
    ],
)
@pytest.mark.parametrize("imagined", [True, False])
def test_what_is_imagined_has_a_column_only_where_something_is(house, make, column, imagined):
    assert (column in titles(make(imagined))) == imagined


@pytest.mark.parametrize("letters", ["Жёлтый мяч шумно катится между домами ", "a big white W W W W dog "])
def test_lines_fit_their_column(house, letters):
    figure = images(["one"], [letters * 4])
    figure.canvas.draw()
    axis = figure.axes[2]
    (paragraph,) = axis.texts
    renderer = figure.canvas.get_renderer()
    assert paragraph.get_window_extent(renderer).x1 <= figure.bbox.width
    assert paragraph.get_window_extent(renderer).width <= axis.get_window_extent(renderer).width


def test_a_long_caption_ends_in_an_ellipsis(house):
    assert any(text.endswith(" …") for text in texts(images(["word " * 200])))
