"""The other images that something is compared with."""

import numpy as np
import pytest

from gxn.errors import GxnError
from gxn.evaluation.shifts import spread_shifts

SIZES = pytest.mark.parametrize("images", [2, 3, 16, 17, 18, 200, 500, 5000])


@SIZES
def test_there_are_sixteen_or_all(images):
    shifts = spread_shifts(images)
    assert len(shifts) == len(set(shifts)) == min(16, images - 1)


@SIZES
def test_no_image_meets_itself(images):
    met = np.stack([np.roll(np.arange(images), shift) for shift in spread_shifts(images)])
    assert not (met == np.arange(images)).any()


@pytest.mark.parametrize("images", [17, 18, 200, 500, 5000])
def test_they_lie_far_from_its_neighbours(images):
    shifts = spread_shifts(images)
    assert np.minimum(shifts, images - shifts).min() == images // 17


def test_fewer_may_be_asked_for():
    assert spread_shifts(100, most=3).tolist() == [25, 50, 75]


@pytest.mark.parametrize("images", [0, 1])
def test_one_image_has_no_other(images):
    with pytest.raises(GxnError, match=f"^chance level: needs at least two images, not {images}; give more"):
        spread_shifts(images)
