"""Facts found in readings of pictures: answers by hand, true scenes and chance."""

import pytest

from gxn.datasets.grammar import captions
from gxn.datasets.scenes import generator, scenes
from gxn.errors import GxnError
from gxn.evaluation.drawn_facts import (
    ReaderAccuracy,
    facts_found,
    facts_found_by_chance,
    need_accuracy,
    reader_accuracy,
)

COUNT = 200
STAR = {"shape": "star", "colour": "red", "size": "large", "texture": "plain", "place": "top left"}
RING = {"shape": "ring", "colour": "blue", "size": "small", "texture": "dotted", "place": "middle"}
SCENE = {"ground": "sand", "things": [STAR, RING]}
EMPTY = {"ground": "sea", "things": []}


@pytest.mark.parametrize(
    ("mentions", "ground", "colour", "shape", "place", "whole", "facts"),
    [
        ([{"shape": "star", "colour": "red"}, {"ground": "sand"}], 1, 1, 1, None, 1, 1),
        ([{"shape": "star", "colour": "blue"}, {"ground": "sea"}], 0, 1, 1, None, 0, 2 / 3),
        ([{"shape": "star", "place": "middle"}], None, None, 0, 1, 0, 1 / 2),
        ([{"colour": "red", "place": "bottom left"}], None, 0, None, 0, 0, 0),
        (
            [{"colour": "red", "size": "small", "place": "top left"}],
            None,
            1,
            None,
            1,
            1,
            1,
        ),  # size is not asked
        ([{"colour": "red"}, {"colour": "red"}], None, 1 / 2, None, None, 1, 1 / 2),  # there is one red thing
        ([{"place": "middle"}, {"place": "top right"}], None, None, None, 1 / 2, 1 / 2, 1 / 2),
        ([{"texture": "plain"}, {"count": 2}], None, None, None, None, None, None),
        ([], None, None, None, None, None, None),
    ],
)
def test_answers_by_hand(mentions: list, ground, colour, shape, place, whole, facts) -> None:
    found = facts_found([SCENE], [mentions])
    assert found.ground == ground and found.colour == colour and found.shape == shape and found.place == place
    assert found.whole == whole
    assert found.facts == (None if facts is None else pytest.approx(facts))


def test_shares_are_over_all_pictures() -> None:
    found = facts_found([SCENE, EMPTY], [[{"colour": "red"}, {"colour": "pink"}], [{"colour": "red"}]])
    assert found.colour == pytest.approx(1 / 3)


def test_true_scenes_and_chance() -> None:
    drawn = list(scenes(0, "test", COUNT))
    told = [captions(scene, generator(0, "test", index, 2))[0].mentions for index, scene in enumerate(drawn)]
    readings = [scene.facts() for scene in drawn]
    found, chance = facts_found(readings, told), facts_found_by_chance(readings, told)
    assert found.ground == found.colour == found.shape == found.place == found.whole == found.facts == 1
    assert chance.facts == pytest.approx(0.28, abs=0.03)
    assert chance.ground == pytest.approx(0.13, abs=0.03)
    assert chance.place == pytest.approx(0.62, abs=0.05)


def test_accuracy_by_hand() -> None:
    other = {"ground": "sand", "things": [STAR | {"colour": "pink"}, RING | {"place": "top right"}]}
    found = reader_accuracy([other, EMPTY], [SCENE, EMPTY])
    assert found == ReaderAccuracy(
        presence=8 / 10, ground=1, shape=1 / 2, colour=0, size=1 / 2, texture=1 / 2
    )
    assert found.mean == pytest.approx((0.8 + 1 + 0.5 + 0 + 0.5 + 0.5) / 6)


def test_a_reader_that_cannot_read_is_refused() -> None:
    good = ReaderAccuracy(1, 1, 1, 1, 1, 0.7)
    need_accuracy(good)
    with pytest.raises(GxnError, match=r"0\.933.*texture 0\.600"):
        need_accuracy(ReaderAccuracy(1, 1, 1, 1, 1, 0.6))


def test_bad_input_is_named() -> None:
    with pytest.raises(GxnError, match="1 pictures are read, 2 captions"):
        facts_found([SCENE], [[], []])
    with pytest.raises(GxnError, match="at least two images"):
        facts_found_by_chance([SCENE], [[]])
    with pytest.raises(GxnError, match="no pictures"):
        reader_accuracy([], [])
