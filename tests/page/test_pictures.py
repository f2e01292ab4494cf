"""Pictures as a browser reads them."""

import io

import numpy as np
import pytest
from PIL import Image

from gxn.errors import GxnError
from gxn.page.pictures import SIDE, TINY, WIDE, figure, webp


def opened(data):
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(("height", "width"), [(1000, 500), (300, 1200), (200, 240)])
def test_a_photograph_keeps_its_aspect_and_is_no_larger_than_the_page_shows(height, width):
    image = opened(webp(np.zeros((height, width, 3), np.uint8)))
    assert image.format == "WEBP" and max(image.size) == min(SIDE, max(height, width))
    assert image.width / image.height == pytest.approx(width / height, rel=0.01)


def test_a_drawing_keeps_every_pixel_with_its_colour_nearly():
    across, down = np.meshgrid(np.linspace(0, 255, TINY), np.linspace(0, 255, 40))
    pixels = np.stack([across, down, 255 - across], axis=2).astype(np.uint8)
    pixels[::2, ::2] = [255, 0, 0]  # lossy WebP spreads a pixel's colour over its neighbours
    away = np.abs(np.asarray(opened(webp(pixels)).convert("RGB")).astype(int) - pixels)
    assert away.mean() < 12 and away[::2, ::2].max() < 12


def test_a_blown_up_scene_is_close_to_its_pixels():
    across = np.tile(np.linspace(0, 255, 64), (64, 1)).astype(np.uint8)
    pixels = np.stack([across, across.T, across], axis=2)
    assert np.abs(np.asarray(opened(webp(pixels)).convert("RGB")).astype(int) - pixels).mean() < 4


@pytest.mark.parametrize("width", [WIDE + 500, 300])
def test_a_figure_is_no_wider_than_the_page_shows(tmp_path, width):
    Image.new("RGBA", (width, 200)).save(tmp_path / "recall.png")
    image = opened(figure(tmp_path / "recall.png"))
    assert image.format == "WEBP" and image.width == min(width, WIDE)
    assert image.width / image.height == pytest.approx(width / 200, rel=0.02)


def test_a_figure_that_is_no_png_is_named(tmp_path):
    (tmp_path / "recall.png").write_bytes(b"PNG")
    with pytest.raises(GxnError, match=r"recall\.png: cannot be read as a PNG"):
        figure(tmp_path / "recall.png")
