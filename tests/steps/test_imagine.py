"""What the step imagine holds captions against."""

import numpy as np
import pytest

from gxn.steps.imagine import OTHERS, others


@pytest.mark.parametrize("images", [2, 3, 16, 17, 18, 200, 500, 5000])
def test_every_image_meets_others_far_from_its_neighbours(images):
    shifts = others(images)
    assert len(shifts) == min(OTHERS, images - 1) and len(set(shifts)) == len(shifts)
    met = np.stack([np.roll(np.arange(images), shift) for shift in shifts])
    assert not (met == np.arange(images)).any()
    apart = np.minimum(shifts, images - shifts)
    assert apart.min() == images // (OTHERS + 1) or images < OTHERS + 1


def test_one_image_has_no_other():
    assert len(others(1)) == 0
