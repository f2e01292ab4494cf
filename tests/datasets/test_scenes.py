"""Layout of scenes: determinism, disjointness, families, checks of the section."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from gxn.datasets.palette import ATTRIBUTES, HIDDEN, PLACES
from gxn.datasets.rendering import render
from gxn.datasets.scenes import SPLITS, TWIN_OF, Scene, Settings, Thing, generator, scenes, stream_of
from gxn.datasets.shapes import QUESTIONS, answers, classification_set, mirrored
from gxn.errors import GxnError

SECTION = {"seed": 0, "size": 64, "train": 80, "val": 40, "test": 40}
SETTINGS = Settings(**SECTION)


def differences(one: Scene, two: Scene) -> int:
    """Attributes in which two scenes differ, at best over the ways to pair their things."""
    assert len(one.things) == len(two.things)
    missing = [thing for thing in one.things if thing not in two.things]
    new = [thing for thing in two.things if thing not in one.things]
    apart = [
        sum(a != b for a, b in zip(vars(x).values(), vars(y).values(), strict=True))
        for x in missing
        for y in new
    ]
    return (one.ground != two.ground) + (min(apart) if len(missing) == 1 else 9 * len(missing))


def test_splits_share_no_scene() -> None:
    keys = [scene.key() for split in SPLITS for scene in scenes(SETTINGS, split)]
    assert len(keys) == len(set(keys)) == 160


def test_streams_are_disjoint_by_content_whatever_the_seed() -> None:
    for seed in (0, 1):
        settings = replace(SETTINGS, seed=seed)
        for split in SPLITS:
            assert all(stream_of(scene) == split for scene in scenes(settings, split))


def test_a_longer_split_begins_with_the_shorter() -> None:
    longer = Settings(**SECTION | {"train": 120, "test": 7})
    assert list(scenes(longer, "train"))[:80] == list(scenes(SETTINGS, "train"))
    assert list(scenes(longer, "test")) == list(scenes(SETTINGS, "test"))[:7]


def test_another_seed_gives_other_scenes() -> None:
    assert list(scenes(SETTINGS, "val")) != list(scenes(replace(SETTINGS, seed=1), "val"))


def test_twins_differ_in_one_attribute() -> None:
    found = list(scenes(SETTINGS, "train"))
    pairs = [
        (found[start + TWIN_OF[offset]], found[start + offset])
        for start in range(0, len(found), len(TWIN_OF))
        for offset in range(len(TWIN_OF))
        if TWIN_OF[offset] is not None
    ]
    assert len(pairs) == 30
    assert {differences(one, two) for one, two in pairs} == {1}


def test_things_show_on_their_ground_and_stand_apart() -> None:
    for scene in scenes(SETTINGS, "train"):
        assert 2 <= len(scene.things) <= 4
        assert all(thing.colour not in HIDDEN[scene.ground] for thing in scene.things)
        places = [list(PLACES).index(thing.place) for thing in scene.things]
        assert places == sorted(set(places))
        assert len({(thing.shape, thing.colour) for thing in scene.things}) == len(scene.things)


def test_every_value_of_every_attribute_occurs() -> None:
    things = [thing for scene in scenes(SETTINGS, "train") for thing in scene.things]
    for name, values in ATTRIBUTES.items():
        assert {getattr(thing, name) for thing in things} == set(values)


@pytest.mark.parametrize(
    ("key", "value"),
    [("train", 1), ("val", -3), ("test", 10_000_001), ("size", 16), ("size", 513), ("seed", 2**63)],
)
def test_a_value_out_of_range_is_named(key: str, value: int) -> None:
    with pytest.raises(GxnError, match=rf"^scenes\.{key}: must be from \d+ to \d+, not {value}$"):
        Settings(**SECTION | {key: value})


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
    scene = next(scenes(SETTINGS, "test"))
    one, two, other = (render(scene, size, generator(0, "test", index, 1)) for index in (0, 0, 1))
    assert one.shape == (size, size, 3) and one.dtype == np.uint8
    assert (one == two).all() and (one != other).any()


def test_answers_of_the_classification_set() -> None:
    scene = Scene("sea", (Thing("star", "red", "small", "dotted", "bottom left"),))
    told = dict(zip(QUESTIONS, answers(scene), strict=True))
    assert QUESTIONS["ground", ""][told["ground", ""]] == "sea"
    named = {key: QUESTIONS[key][answer] for key, answer in told.items() if key[1]}
    assert {key: value for key, value in named.items() if value != "none"} == {
        ("shape", "bottom left"): "star",
        ("colour", "bottom left"): "red",
        ("size", "bottom left"): "small",
        ("texture", "bottom left"): "dotted",
    }
    mirror = answers(Scene("sea", (replace(scene.things[0], place="bottom right"),)))
    assert (answers(scene)[mirrored()] == mirror).all()


def test_the_classification_set_repeats_itself() -> None:
    one, two = list(classification_set(0, 32, 6)), list(classification_set(0, 32, 6))
    assert all((a == c).all() and (b == d).all() for (a, b), (c, d) in zip(one, two, strict=True))
