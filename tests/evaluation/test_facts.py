"""Facts of captions: answers by hand, the human line and chance."""

import itertools

import numpy as np
import pytest

from gxn.datasets.grammar import captions
from gxn.datasets.scenes import generator, scenes
from gxn.errors import GxnError
from gxn.evaluation.caption_parser import parse_caption
from gxn.evaluation.facts import caption_facts, chance_facts, human_facts, judge, matched
from gxn.evaluation.shifts import spread_shifts

COUNT = 120
SCENE = {
    "ground": "sand",
    "things": [
        {"shape": "star", "colour": "red", "size": "large", "texture": "plain", "place": "top left"},
        {"shape": "ring", "colour": "blue", "size": "small", "texture": "dotted", "place": "middle"},
    ],
}


@pytest.fixture(scope="module")
def told() -> tuple[list, list, list]:
    found = list(scenes(0, "test", COUNT))
    written = [captions(scene, generator(0, "test", index, 2)) for index, scene in enumerate(found)]
    mentions = [[each.mentions for each in five] for five in written]
    return [scene.facts() for scene in found], mentions, [five[0].tokens for five in written]


@pytest.mark.parametrize(
    ("words", "attributes", "mentions", "ground", "recall"),
    [
        ("a red star on the sand", (3, 3), (2, 2), True, 3),
        ("a red star on the sea", (3, 2), (2, 1), False, 2),
        ("a blue star", (2, 1), (1, 0), None, 1),  # star and blue are true of different things
        ("two red stars", (4, 2), (2, 1), None, 2),  # one of them has no true attribute left
        ("two things on the sand one red and one blue", (4, 4), (4, 4), True, 3),
        ("three things on the sand one red and one blue", (4, 3), (4, 3), True, 3),
        ("two red things on the sand", (3, 2), (3, 2), True, 2),
        ("one plain and one dotted thing among them a red star", (4, 4), (3, 3), None, 4),
        ("a red star and a red star", (4, 2), (2, 1), None, 2),
        ("a tiny ring in the middle", (3, 3), (1, 1), None, 3),
        ("a ring a star a ring", (3, 2), (3, 2), None, 2),  # more mentions than things
        ("", (0, 0), (0, 0), None, 0),
    ],
)
def test_answers_by_hand(
    words: str, attributes: tuple, mentions: tuple, ground: bool | None, recall: int
) -> None:
    found = judge(parse_caption(words.split()), SCENE)
    assert (found.attributes_stated, found.attributes_true) == attributes
    assert (found.mentions_stated, found.mentions_true) == mentions
    assert found.ground is ground
    assert (found.facts_told, found.facts) == (recall, 11)
    assert found.wholly_true == (attributes[0] == attributes[1] > 0)


def test_matching_takes_the_best_pair_first() -> None:
    # the first mention fits both things, the second only the second thing better
    assert matched([{"size": "small"}, {"shape": "ring", "size": "small"}], SCENE["things"]) == [0, 1]


def test_matching_finds_a_wholly_true_assignment_of_true_mentions(told: tuple) -> None:
    for scene, five in zip(told[0], told[1], strict=True):
        for mentions in five:
            shaped = [each for each in mentions if "shape" in each]
            best = max(
                sum(
                    sum(scene["things"][thing][name] == value for name, value in mention.items())
                    for mention, thing in zip(shaped, order, strict=True)
                )
                for order in itertools.permutations(range(len(scene["things"])), len(shaped))
            )
            assert best == sum(map(len, shaped))
            assert judge(mentions, scene).wholly_true


def test_means_by_hand() -> None:
    scores = caption_facts(
        [["a", "red", "star"], ["a", "blue", "star"], [], "a ring on the sea".split()], [SCENE] * 4
    )
    assert scores.attributes == pytest.approx((1 + 1 / 2 + 0 + 1 / 2) / 4)
    assert scores.mentions == pytest.approx((1 + 0 + 0 + 1 / 2) / 4)
    assert scores.ground == 0
    assert scores.whole == pytest.approx(1 / 4)
    assert scores.recall == pytest.approx((2 + 1 + 0 + 1) / 44)
    assert caption_facts([["red"]], [SCENE]).ground is None


def test_human_line_and_chance(told: tuple) -> None:
    facts, mentions, first = told
    human, chance = human_facts(mentions, facts), chance_facts(mentions, facts)
    assert (human.attributes, human.mentions, human.ground, human.whole) == (1, 1, 1, 1)
    assert human.recall == pytest.approx(0.40, abs=0.03)
    assert human.captions == 5 * COUNT and chance.captions == 4 * 5 * COUNT
    assert chance.attributes == pytest.approx(0.31, abs=0.04)
    assert chance.mentions == pytest.approx(0.155, abs=0.03)
    assert chance.ground == pytest.approx(1 / 8, abs=0.04)
    assert chance.whole < 0.02
    assert chance.recall == pytest.approx(0.12, abs=0.02)
    parsed = caption_facts(first, facts)
    assert (parsed.attributes, parsed.whole, parsed.captions) == (1, 1, COUNT)


def test_shifts_never_pair_an_image_with_itself() -> None:
    for count in (2, 3, 17, 1000):
        shifts = spread_shifts(count)
        assert (0 < shifts).all() and (shifts < count).all() and 1 <= len(shifts) <= 16
        assert len(np.unique(shifts)) == len(shifts)


def test_bad_input_is_named(told: tuple) -> None:
    with pytest.raises(GxnError, match="2 captions, 1 scenes"):
        caption_facts([[], []], [SCENE])
    with pytest.raises(GxnError, match="no captions"):
        caption_facts([], [])
    with pytest.raises(GxnError, match="at least two images"):
        chance_facts(told[1][:1], told[0][:1])
