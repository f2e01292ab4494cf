"""The control that imagines of other images than the pair's."""

import pytest
import torch
from tiny import taken

from gxn.training.data import read_split
from gxn.training.shuffled import Shuffled


class Watched:
    """An objective that keeps the batches it is given."""

    modules, optimizers = {}, {}

    def __init__(self):
        self.seen = []

    def step(self, batch):
        self.seen.append(batch)
        return {}


@pytest.fixture
def batch(data):
    return read_split(data / "tokens.h5", data / "features.h5", "train", torch.device("cpu")).batch(
        torch.arange(8)
    )


def shuffled(batch, taken):
    watched = Watched()
    Shuffled(watched, taken).step(batch)
    return watched.seen[0]


def test_every_pair_gets_another_image_to_draw(batch):
    assert (shuffled(batch, "image").image != batch.image).all()


def test_every_pair_gets_the_features_of_another_image_to_caption(batch):
    assert (shuffled(batch, "features").features != batch.features).any(1).all()


@pytest.mark.parametrize(("taken", "kept"), [("image", "features"), ("features", "image")])
def test_the_rest_of_the_pair_stays(batch, taken, kept):
    found = shuffled(batch, taken)
    assert all(
        torch.equal(getattr(found, name), getattr(batch, name)) for name in ("tokens", "caption", kept)
    )


def test_the_joint_stage_takes_it_from_the_row():
    change = {"methods": {"both": {"shuffled": True}}}
    assert [taken("joint", "both", *each).shuffled for each in ((), (change,))] == [False, True]
