"""Resizing and cropping, beside torchvision's."""

import numpy as np
import pytest
from PIL import Image
from small import PARAMS
from torchvision.transforms import v2

from gxn.configuration.features import Features
from gxn.errors import GxnError
from gxn.features.transforms import check_size, crops, crops_per_image, describe, images_per_batch, ten_crops

# 427 x 640 at 256 is 383 wide in torchvision, though 383.7 is nearer to 384
SIZES = [(427, 640), (60, 60), *np.random.default_rng(0).integers(60, 120, (40, 2)).tolist()]


def settings(**changes) -> Features:
    return Features(**PARAMS["features"] | {"resize": None, "crops": "center", "crop": 32} | changes)


def noise(*size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)


@pytest.mark.parametrize(("resize", "crop"), [(None, 32), (41, 32), (256, 224)])
@pytest.mark.parametrize("kind", ["center", "ten_crop"])
def test_crops_are_those_of_torchvision(resize, crop, kind):
    theirs = {"center": v2.CenterCrop(crop), "ten_crop": v2.TenCrop(crop)}[kind]
    for size in SIZES:
        pixels = noise(*size)
        image = Image.fromarray(pixels)
        expected = theirs(v2.Resize(resize)(image) if resize else image)
        expected = np.stack(expected) if kind == "ten_crop" else np.asarray(expected)[None]
        found = crops(pixels, settings(resize=resize, crops=kind, crop=crop), "x")
        assert np.array_equal(found, expected), size


def test_the_crop_of_the_shorter_side_is_the_middle_of_the_longer():
    pixels = noise(81, 60)
    assert np.array_equal(crops(pixels, settings(crop=60), "x")[0], pixels[10:70])


def test_ten_crops_are_five_and_those_of_the_mirror_image():
    pixels = noise(40, 50)
    found = ten_crops(pixels, 32)
    assert np.array_equal(np.stack(found[5:]), np.stack(ten_crops(pixels[:, ::-1], 32)[:5]))


@pytest.mark.parametrize(("width", "height"), [(40, 70), (70, 40), (63, 64)])
def test_an_image_smaller_than_the_crop_is_named(width, height):
    message = (
        rf"^a\.jpg: is {width} x {height} pixels, smaller than features\.crop, 64; set features\.resize to 64"
    )
    with pytest.raises(GxnError, match=message):
        crops(noise(height, width), settings(crop=64), "a.jpg")


@pytest.mark.parametrize(("size", "changes"), [((64, 70), {}), ((5, 5), {"resize": 64})])
def test_an_image_that_is_large_enough_or_resized_is_not(size, changes):
    check_size(*size, settings(crop=64, **changes), "a.jpg")


@pytest.mark.parametrize(
    ("kind", "batch_size", "per_image", "images"),
    [("center", 1, 1, 1), ("center", 7, 1, 7), ("ten_crop", 25, 10, 2), ("ten_crop", 4, 10, 1)],
)
def test_a_batch_holds_whole_images(kind, batch_size, per_image, images):
    chosen = settings(crops=kind, batch_size=batch_size)
    assert (crops_per_image(chosen), images_per_batch(chosen)) == (per_image, images)


def test_the_description_has_what_pixels_depend_on():
    assert describe(settings(resize=40)) == {
        "resize": 40, "crops": "center", "crop": 32, "flip": False, "interpolation": "bilinear",
    }  # fmt: skip
