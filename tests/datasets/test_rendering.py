"""Pixels of scenes: things stand in their colour where they are said to be."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from gxn.datasets.palette import ATTRIBUTES, PLACES
from gxn.datasets.rendering import render
from gxn.datasets.scenes import Scene, Thing, generator, scenes


def test_a_thing_is_drawn_where_it_stands_in_its_colour() -> None:
    for place, (x, y) in PLACES.items():
        scene = Scene("grass", (Thing("circle", "red", "large", "plain", place),))
        image = render(scene, 64, np.random.default_rng(0)).astype(int)
        red = (image[..., 0] > 150) & (image[..., 1] < 90)
        rows, columns = np.nonzero(red)
        assert abs(rows.mean() / 64 - y) < 0.08 and abs(columns.mean() / 64 - x) < 0.08
        assert 0.5 < red.mean() / (np.pi * 0.2**2) < 1.1


def test_sizes_shapes_and_textures_look_different() -> None:
    base = Thing("circle", "blue", "medium", "plain", "middle")
    others = [
        replace(base, **{name: value})
        for name in ATTRIBUTES
        for value in ATTRIBUTES[name]
        if asdict(base)[name] != value
    ]
    first = render(Scene("stone", (base,)), 64, np.random.default_rng(3)).astype(int)
    for other in others:
        image = render(Scene("stone", (other,)), 64, np.random.default_rng(3)).astype(int)
        assert (np.abs(image - first).max(-1) > 40).sum() > 40, other


@pytest.mark.parametrize("size", [32, 64, 96])
def test_rendering_follows_its_random_numbers_and_size(size: int) -> None:
    scene = next(scenes(0, "test", 1))
    one, two, other = (render(scene, size, generator(0, "test", index, 1)) for index in (0, 0, 1))
    assert one.shape == (size, size, 3) and one.dtype == np.uint8
    assert (one == two).all() and (one != other).any()
