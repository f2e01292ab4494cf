"""Resizing and cropping, beside torchvision's."""

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import v2

from gxn.errors import GxnError
from gxn.features.transforms import Transform


@pytest.fixture(params=[(60, 80), (81, 60), (60, 60)])
def pixels(request) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*request.param, 3), dtype=np.uint8)


def test_one_crop_is_what_torchvision_does(pixels):
    ours = Transform(40, "1C", 32)(pixels, "x")
    steps = v2.Compose([v2.Resize(40), v2.CenterCrop(32)])
    theirs = np.asarray(steps(Image.fromarray(pixels)))
    # torchvision rounds the longer side down and odd margins to even: up to a pixel of shift
    height, width = pixels.shape[:2]
    if height == width:
        assert (ours[0] == theirs).all()
    assert ours.shape == (1, 32, 32, 3)
    assert abs(ours.astype(float).mean() - theirs.mean()) < 2


def test_ten_crops_are_those_of_torchvision(pixels):
    ours = Transform(None, "10C", 50)(pixels, "x")
    theirs = [np.asarray(crop) for crop in v2.TenCrop(50)(Image.fromarray(pixels))]
    for number in (0, 1, 2, 3, 5, 6, 7, 8):
        assert any((crop == theirs[number]).all() for crop in ours), number
    assert (ours[5:] == ours[:5, :, ::-1]).all()


def test_an_image_as_it_is(pixels):
    side = min(pixels.shape[:2])
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    expected = pixels[top : top + side, left : left + side]
    assert (Transform(None, "1C", side)(pixels, "x")[0] == expected).all()


def test_an_image_smaller_than_the_crop_is_named():
    with pytest.raises(GxnError, match=r"a.jpg: is 40 x 30 pixels, smaller than features.crop, 64"):
        Transform(None, "1C", 64)(np.zeros((30, 40, 3), np.uint8), "a.jpg")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, "5C", 8), "features.crops"),
        ((None, "1C", 0), "features.crop:"),
        ((7, "1C", 8), "features.resize"),
    ],
)
def test_wrong_settings_are_refused(arguments, message):
    with pytest.raises(GxnError, match=message):
        Transform(*arguments)
