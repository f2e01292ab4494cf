"""Distance of drawings from real pictures, by the features of the CNN."""

import numpy as np
import pytest
import torch
from small import configuration

from gxn.evaluation.distances import frechet_distance, kernel_distance
from gxn.evaluation.realism import picture_features, realism
from gxn.features.cnn import load_cnn
from gxn.files import save_tensors

CPU = torch.device("cpu")
CONFIG = configuration({"features": {"crop": 32, "resize": None}, "cnn": {"pretrain": {"size": 32}}})


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    network = load_cnn(CONFIG.cnn.name, CONFIG.cnn.layer, None)[0]
    save_tensors(tmp_path / "cnn.safetensors", network.model.state_dict(), {})
    return tmp_path / "cnn.safetensors"


def seen(weights, images):
    return picture_features(images, CONFIG.cnn, weights, CONFIG.features, CPU)


def pictures(count, side=16, low=0, high=256):
    return np.random.default_rng(0).integers(low, high, (count, 3, side, side), dtype=np.uint8)


def test_every_picture_has_its_features_whatever_the_batch(weights, monkeypatch):
    images = pictures(5)
    whole = seen(weights, images)
    monkeypatch.setattr("gxn.evaluation.realism.BATCH", 2)
    np.testing.assert_allclose(seen(weights, images), whole, rtol=1e-4, atol=1e-5)


def test_small_pictures_are_enlarged_to_the_crop(weights):
    small = np.full((1, 3, 16, 16), 90, np.uint8)
    large = np.full((1, 3, 32, 32), 90, np.uint8)
    np.testing.assert_allclose(seen(weights, small), seen(weights, large), rtol=1e-4, atol=1e-5)


def test_dark_pictures_are_further_from_real_ones_than_others_like_them(weights):
    real, others, dark = (
        seen(weights, each) for each in (pictures(12), pictures(12)[::-1], pictures(12, high=9))
    )
    assert all(realism(real, dark)[key] > realism(real, others)[key] for key in ("kid", "frechet"))


def test_the_distances_are_those_of_the_features():
    real, drawn = np.random.default_rng(1).normal(size=(2, 8, 4))
    found = kernel_distance(real, drawn)
    expected = {"kid": found.mean, "kid_spread": found.std, "frechet": frechet_distance(real, drawn)}
    assert realism(real, drawn) == expected
