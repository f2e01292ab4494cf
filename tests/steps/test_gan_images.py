"""The step that shrinks images to those that the generator learns to draw."""

import h5py
import numpy as np
import pytest
from PIL import Image
from small import config_files

from gxn.files import write_json
from gxn.hdf5 import create_hdf5
from gxn.steps.gan_images import Arguments, gan_images

NOISE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


@pytest.fixture
def small(tmp_path):
    """The file that the step makes of two images, 4 and 9."""
    with create_hdf5(tmp_path / "images.h5", {}) as file:
        file["images"], file["imgid"] = np.stack([NOISE, 255 - NOISE]), np.array([9, 4])
    sentences = [{"sentid": 0, "tokens": ["a"]}]
    images = [{"filename": f"x{i}", "imgid": i, "split": "train", "sentences": sentences} for i in (4, 9)]
    write_json(tmp_path / "captions.json", {"images": images})
    gan_images(
        Arguments(
            config=config_files(tmp_path, {"dataset": {"gan_image_size": 16}}),
            captions=tmp_path / "captions.json",
            images=tmp_path / "images.h5",
            out=tmp_path / "small.h5",
        )
    )
    with h5py.File(tmp_path / "small.h5") as file:
        return file["images"][:], file["imgid"][:]


def test_they_stand_in_the_order_of_the_captions(small):
    assert small[1].tolist() == [4, 9]


def test_they_are_squares_of_the_size_asked_for_channels_first(small):
    assert small[0].shape == (2, 3, 16, 16) and small[0].dtype == np.uint8


def test_they_are_the_middle_of_the_resized_image(small):
    resized = Image.fromarray(NOISE).resize((21, 16), Image.Resampling.BILINEAR)
    assert np.array_equal(small[0][1], np.asarray(resized)[:, 2:18].transpose(2, 0, 1))
