"""The parser gives back what the grammar recorded, and something sensible for ungrammatical captions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxn.datasets.grammar import DETAIL, GIST, captions, sentence
from gxn.datasets.scenes import SPLITS, generator, scenes
from gxn.evaluation.caption_parser import PHRASES, parse_caption

SEED, COUNTS = 3, {"train": 300, "val": 100, "test": 100}
WORDS = sorted({word for phrase in PHRASES for word in phrase} | {"is", "sits", "of", "<unk>", ""})


def test_true_captions_of_all_splits_give_their_mentions() -> None:
    for split in SPLITS:
        for index, scene in enumerate(scenes(SEED, split, COUNTS[split])):
            for caption in captions(scene, generator(SEED, split, index, 2)):
                assert parse_caption(caption.tokens) == caption.mentions, caption.raw


@pytest.mark.parametrize("template", [*GIST, *DETAIL])
def test_every_template_with_its_paraphrases(template) -> None:
    rng = np.random.default_rng(5)
    for scene in scenes(SEED, "test", 40):
        for _ in range(10):
            caption = sentence(*template(scene, rng))
            assert parse_caption(caption.tokens) == caption.mentions, caption.raw


@pytest.mark.parametrize(
    ("words", "mentions"),
    [
        ("", []),
        ("the of is sits", []),
        ("two", []),
        ("two red", [{"colour": "red"}] * 2),
        ("a red blue ring", [{"colour": "red"}, {"colour": "blue", "shape": "ring"}]),
        ("a star ring", [{"shape": "star"}, {"shape": "ring"}]),
        ("a red and a red ring", [{"colour": "red"}, {"colour": "red", "shape": "ring"}]),
        ("with dots", [{"texture": "dotted"}]),
        ("in the middle there is", [{"place": "middle"}]),
        (
            "in the middle there is a star in the top left",
            [{"shape": "star", "place": "top left"}, {"place": "middle"}],
        ),
        (
            "at night in the dark on the sea a big",
            [{"size": "large"}, {"ground": "night"}, {"ground": "sea"}],
        ),
        ("two things three objects", [{"count": 2}, {"count": 3}]),
        ("a pair of discs to the left of a heart", [{"shape": "circle"}] * 2 + [{"shape": "heart"}]),
        ("in the top", []),
        ("in the in the middle", [{"place": "middle"}]),
    ],
)
def test_ungrammatical_captions(words: str, mentions: list) -> None:
    assert parse_caption(words.split()) == mentions


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_any_words_have_a_result(words: list[str]) -> None:
    for mention in parse_caption(words):
        assert mention and set(mention) <= {"shape", "colour", "size", "texture", "place", "ground", "count"}
