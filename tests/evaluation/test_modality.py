"""The linear probe and the gap between the modalities, on clouds of known distance."""

import math

import numpy as np
import pytest

from gxn.evaluation.modality import centroid_gap, probe_accuracy

OWNERS = np.repeat(np.arange(1000), 5)


def clouds(shift, width=8, seed=0):
    rng = np.random.default_rng(seed)
    images, texts = rng.normal(size=(1000, width)), rng.normal(size=(5000, width))
    images[:, 2] += shift
    return images.astype(np.float32), texts.astype(np.float32)


def test_the_same_cloud_is_at_chance():
    assert probe_accuracy(*clouds(0), OWNERS) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_two_normal_clouds_are_told_apart_as_well_as_can_be(shift):
    best = 0.5 * (1 + math.erf(shift / 2 / math.sqrt(2)))
    assert probe_accuracy(*clouds(shift), OWNERS) == pytest.approx(best, abs=0.02)


def test_more_dimensions_than_rows_stay_finite():
    images, texts = clouds(1.0, width=40)
    found = probe_accuracy(images[:10], texts[:20], np.repeat(np.arange(10), 2))
    assert 0 <= found <= 1


def test_an_image_and_its_captions_stand_on_one_side():
    """Embeddings that name their image alone cannot be told apart by what was seen of other images."""
    images = np.random.default_rng(1).normal(size=(1000, 8))
    assert probe_accuracy(images, images[OWNERS], OWNERS) == pytest.approx(0.5, abs=0.03)


def test_gap_by_hand():
    assert centroid_gap(np.array([[0.0, 0], [2, 0]]), np.array([[1.0, 3]])) == 3.0
