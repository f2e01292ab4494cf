"""Colours that can be told apart, and places that lie in the image."""

import itertools

import numpy as np
import pytest

from gxn.datasets.palette import ATTRIBUTES, COLOURS, GROUNDS, HIDDEN, PLACES, SIZES, mix


@pytest.mark.parametrize(("one", "two"), list(itertools.combinations(COLOURS, 2)))
def test_colours_are_far_apart(one, two):
    assert np.linalg.norm(np.subtract(COLOURS[one], COLOURS[two])) > 60


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_colour_near_to_its_ground_is_hidden_on_it(ground):
    near = {name for name, rgb in COLOURS.items() if np.linalg.norm(np.subtract(rgb, GROUNDS[ground])) < 35}
    assert near <= HIDDEN[ground]


def test_every_ground_says_which_colours_it_hides():
    assert HIDDEN.keys() == GROUNDS.keys() and frozenset().union(*HIDDEN.values()) <= COLOURS.keys()


@pytest.mark.parametrize("place", PLACES)
def test_the_largest_thing_fits_into_every_place(place):
    assert all(max(SIZES.values()) < at < 1 - max(SIZES.values()) for at in PLACES[place])


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_no_attribute_has_a_value_twice(name):
    assert len(set(ATTRIBUTES[name])) == len(ATTRIBUTES[name])


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, [200, 0, 100]), (1.0, [50, 50, 50]), (0.5, [125, 25, 75])]
)
def test_mixing_moves_a_colour_to_a_grey(share, expected):
    assert mix((200, 0, 100), 50, share).tolist() == expected
