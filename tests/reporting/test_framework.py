"""The drawing of the method."""

import pytest

from gxn.reporting import style
from gxn.reporting.framework import framework


@pytest.fixture
def texts():
    with style.house_style():
        figure = framework()
        figure.canvas.draw()
        yield [text for axis in figure.axes for text in axis.texts], figure


@pytest.mark.parametrize("symbol", ["v_h", "v_l", "t_h", "t_l", "L_{xe}", "L_D", "L_G", "$G$", "$D$"])
def test_the_papers_symbols_stand_in_it(texts, symbol):
    assert any(symbol in text.get_text() for text in texts[0])


def test_all_text_is_on_the_page(texts):
    found, figure = texts
    page = figure.bbox
    for text in found:
        box = text.get_window_extent()
        assert box.x0 >= page.x0 and box.x1 <= page.x1 and box.y0 >= page.y0 and box.y1 <= page.y1, text
