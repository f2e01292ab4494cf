"""Layout of scenes: determinism, disjointness, families."""

import pytest

from gxn.datasets import scenes as module
from gxn.datasets.palette import ATTRIBUTES, HIDDEN, PLACES
from gxn.datasets.scenes import SPLITS, TWIN_OF, Scene, scenes, stream_of
from gxn.errors import GxnError

COUNTS = {"train": 80, "val": 40, "test": 40}


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
    keys = [scene.key() for split in SPLITS for scene in scenes(0, split, COUNTS[split])]
    assert len(keys) == len(set(keys)) == 160


def test_streams_are_disjoint_by_content_whatever_the_seed() -> None:
    for seed in (0, 1):
        for split in SPLITS:
            assert all(stream_of(scene) == split for scene in scenes(seed, split, 40))


def test_a_longer_split_begins_with_the_shorter() -> None:
    assert list(scenes(0, "train", 120))[:80] == list(scenes(0, "train", 80))


def test_another_seed_gives_other_scenes() -> None:
    assert list(scenes(0, "val", 40)) != list(scenes(1, "val", 40))


def test_twins_differ_in_one_attribute() -> None:
    found = list(scenes(0, "train", 80))
    pairs = [
        (found[start + TWIN_OF[offset]], found[start + offset])
        for start in range(0, len(found), len(TWIN_OF))
        for offset in range(len(TWIN_OF))
        if TWIN_OF[offset] is not None
    ]
    assert len(pairs) == 30
    assert {differences(one, two) for one, two in pairs} == {1}


def test_things_show_on_their_ground_and_stand_apart() -> None:
    for scene in scenes(0, "train", 80):
        assert 2 <= len(scene.things) <= 4
        assert all(thing.colour not in HIDDEN[scene.ground] for thing in scene.things)
        places = [list(PLACES).index(thing.place) for thing in scene.things]
        assert places == sorted(set(places))
        assert len({(thing.shape, thing.colour) for thing in scene.things}) == len(scene.things)


def test_every_value_of_every_attribute_occurs() -> None:
    things = [thing for scene in scenes(0, "train", 80) for thing in scene.things]
    for name, values in ATTRIBUTES.items():
        assert {getattr(thing, name) for thing in things} == set(values)


def test_a_split_larger_than_the_number_of_scenes_is_refused(monkeypatch) -> None:
    only = Scene("sea", ())
    monkeypatch.setattr(module, "TRIES", 20)
    monkeypatch.setattr(module, "stream_of", lambda scene: "train")
    monkeypatch.setattr(module, "draw", lambda rng, least, most: only)
    monkeypatch.setattr(module, "twin", lambda rng, scene: only)
    with pytest.raises(
        GxnError, match=r"^dataset\.source\.train: only 1 different scenes were found; lower it$"
    ):
        list(scenes(0, "train", 9))
