"""Pictures as a browser reads them."""

import io

import numpy as np
import pytest
from PIL import Image

from gxn.page.pictures import FEW, SIDE, webp


def opened(data):
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(("height", "width"), [(1000, 500), (300, 1200), (200, 240)])
def test_a_photograph_keeps_its_aspect_and_is_no_larger_than_the_page_shows(height, width):
    image = opened(webp(np.zeros((height, width, 3), np.uint8)))
    assert image.format == "WEBP" and max(image.size) == min(SIDE, max(height, width))
    assert image.width / image.height == pytest.approx(width / height, rel=0.01)


def test_a_small_picture_loses_nothing():
    pixels = np.random.default_rng(0).integers(0, 256, (FEW, 40, 3), np.uint8)
    assert np.array_equal(np.asarray(opened(webp(pixels)).convert("RGB")), pixels)
