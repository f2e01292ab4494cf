"""Resizing and cropping, beside torchvision's."""

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import v2

from gxn.errors import GxnError
from gxn.features.transforms import Transform

# 427 x 640 at 256 is 383 wide in torchvision, though 383.7 is nearer to 384
SIZES = [(427, 640), (60, 60), *np.random.default_rng(0).integers(60, 120, (40, 2)).tolist()]


@pytest.fixture
def pixels() -> np.ndarray:
    return noise(81, 60)


def noise(*size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)


@pytest.mark.parametrize("resize", [None, 41, 256])
def test_crops_are_those_of_torchvision(resize):
    crop = 224 if resize == 256 else 32
    for size in SIZES:
        pixels = noise(*size)
        image = Image.fromarray(pixels)
        resized = v2.Resize(resize)(image) if resize else image
        one, ten = (Transform(resize, crops, crop)(pixels, "x") for crops in ("1C", "10C"))
        assert (one == np.asarray(v2.CenterCrop(crop)(resized))).all(), size
        assert (ten == np.stack(v2.TenCrop(crop)(resized))).all(), size


def test_an_image_as_it_is(pixels):
    side = min(pixels.shape[:2])
    assert (Transform(None, "1C", side)(pixels, "x")[0] == pixels[10:70]).all()


def test_an_image_smaller_than_the_crop_is_named():
    with pytest.raises(GxnError, match=r"a.jpg: is 40 x 30 pixels, smaller than features.crop, 64"):
        Transform(None, "1C", 64)(np.zeros((30, 40, 3), np.uint8), "a.jpg")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, "1C", 0), "features.crop:"),
        ((7, "1C", 8), "features.resize"),
    ],
)
def test_wrong_settings_are_refused(arguments, message):
    with pytest.raises(GxnError, match=message):
        Transform(*arguments)
