"""Drawings are found by their captions, and differ, where they do; not where they are noise or all alike."""

import numpy as np
import pytest
import torch
from small import configuration
from tiny import TINY

from gxn.evaluation.drawn_retrieval import found_by_captions, spread
from gxn.models.encoders import Encoders, EncoderSizes

COUNT, SIDE = 24, 16


@pytest.fixture
def encoders() -> Encoders:
    torch.manual_seed(0)
    settings = configuration(TINY).encoder("two_space")
    sizes = EncoderSizes(feature_dim=12, vocab_size=9, embed_dim=8, text_hidden=12, joint_dim=10)
    return Encoders(settings, sizes).eval()


def some_features(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((COUNT, 12)).astype(np.float32)


def test_pictures_that_are_the_captions_own_are_found_and_others_are_not(encoders):
    own = some_features(0)
    with torch.no_grad():
        texts = encoders.images(torch.from_numpy(own))
    found = found_by_captions(some_features(1), own, texts, encoders)
    assert found["r_precision_real"] == 1 and found["r_precision_chance"] == 1 / COUNT
    assert found["r_precision"] < 0.3
    assert found_by_captions(own, own, texts, encoders)["r_precision"] == 1


def test_both_spaces_count(encoders):
    """Captions that are the image's own in the grounded space alone are found less often than in both."""
    own = some_features(0)
    with torch.no_grad():
        texts = encoders.images(torch.from_numpy(own))
        others = encoders.images(torch.from_numpy(some_features(1)))
    mixed = [others[0], texts[1]]
    assert found_by_captions(own, own, mixed, encoders)["r_precision"] < 1


def test_spread_is_0_where_all_are_equal_and_1_where_they_differ_as_real_pictures_do():
    real = np.random.default_rng(0).integers(0, 256, (COUNT, 3, SIDE, SIDE), np.uint8)
    assert spread(real, real) == 1
    assert spread(np.repeat(real[:1], COUNT, axis=0), real) == 0
    halved = (real // 2 + 64).astype(np.uint8)
    assert spread(halved, real) == pytest.approx(0.5, abs=0.01)
