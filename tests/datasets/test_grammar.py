"""Captions are true, say what their mentions say, and tell images apart."""

from collections import Counter

import pytest

from gxn.datasets import grammar
from gxn.datasets.grammar import captions
from gxn.datasets.palette import PLACES
from gxn.datasets.scenes import Scene, Thing, generator, scenes

SEED, COUNTS = 3, {"train": 400, "test": 200}


def written(split: str) -> list[tuple[Scene, list[grammar.Caption]]]:
    return [
        (scene, captions(scene, generator(SEED, split, index, 2)))
        for index, scene in enumerate(scenes(SEED, split, COUNTS[split]))
    ]


TRAIN, TEST = written("train"), written("test")
ALL = [(scene, caption) for scene, five in TRAIN + TEST for caption in five]


def lexicon() -> dict[str, tuple[str, str]]:
    """Meaning of each attribute word, read off the grammar's tables."""
    words = {word: ("colour", value) for value, each in grammar.COLOUR_WORDS.items() for word in each}
    words |= {word: ("size", value) for value, each in grammar.SIZE_WORDS.items() for word in each}
    words |= {
        w: ("shape", value) for value, each in grammar.SHAPE_WORDS.items() for pair in each for w in pair
    }
    words |= {
        word: ("texture", value) for value, (front, _) in grammar.TEXTURE_WORDS.items() for word in front
    }
    return words | {
        "stripes": ("texture", "striped"),
        "dots": ("texture", "dotted"),
        "spots": ("texture", "dotted"),
        "checks": ("texture", "checked"),
        "pattern": ("texture", "plain"),
    }


def holds(mention: grammar.Mention, scene: Scene) -> bool:
    """True if the scene bears a mention out."""
    if "ground" in mention:
        return mention["ground"] == scene.ground
    if "count" in mention:
        return mention["count"] == len(scene.things)
    return any(all(vars(thing)[name] == value for name, value in mention.items()) for thing in scene.things)


def test_every_mention_is_true() -> None:
    for scene, caption in ALL:
        assert all(holds(mention, scene) for mention in caption.mentions), (caption.raw, scene)


def test_words_say_what_the_mentions_say() -> None:
    words = lexicon()
    for _, caption in ALL:
        said = {words[token] for token in caption.tokens if token in words}
        stated = {
            (name, value)
            for mention in caption.mentions
            for name, value in mention.items()
            if name in ("shape", "colour", "size", "texture")
        }
        assert said == stated, caption.raw


def test_grounds_and_places_are_said_as_mentioned() -> None:
    for _, caption in ALL:
        text = " ".join(caption.tokens)
        places = [mention["place"] for mention in caption.mentions if "place" in mention]
        found = sum(text.count(phrase) for each in grammar.PLACE_WORDS.values() for phrase in each)
        assert found == len(places)
        assert all(any(phrase in text for phrase in grammar.PLACE_WORDS[place]) for place in places)
        grounds = {
            name for name, each in grammar.GROUND_WORDS.items() if any(f" {p} " in f" {text} " for p in each)
        }
        assert grounds == {mention["ground"] for mention in caption.mentions if "ground" in mention}


def test_relations_are_true() -> None:
    meaning = {
        phrase: steps
        for steps, phrases in grammar.RELATION_WORDS.items()
        for phrase in sorted(phrases, key=len)
    }
    seen = Counter()
    for scene, caption in ALL:
        text = " ".join(caption.tokens)
        found = [phrase for phrase in meaning if f" {phrase} " in text and len(caption.mentions) >= 2]
        if not found or any("place" in mention for mention in caption.mentions):
            continue
        right, down = meaning[max(found, key=len)]
        first, second = ([thing for thing in scene.things if fits(m, thing)] for m in caption.mentions[:2])
        seen[right, down] += 1
        assert any(
            (PLACES[b.place][0] - PLACES[a.place][0]) * right > 0
            or (PLACES[b.place][1] - PLACES[a.place][1]) * down > 0
            for a in first
            for b in second
            if a is not b
        ), (caption.raw, scene)
    assert min(seen[steps] for steps in grammar.RELATION_WORDS) > 20


def fits(mention: grammar.Mention, thing: Thing) -> bool:
    return all(vars(thing)[name] == value for name, value in mention.items())


def test_counts_of_a_gist_are_right() -> None:
    scene = Scene(
        "sand",
        (
            Thing("star", "red", "small", "plain", "top left"),
            Thing("star", "blue", "small", "plain", "top right"),
            Thing("ring", "red", "large", "dotted", "middle"),
        ),
    )
    texts = {" ".join(grammar.by_shape(scene, generator(0, "val", n, 2))[0].split()[:2]) for n in range(40)}
    assert {"two stars", "a ring"} <= texts
    for number in range(20):
        words, mentions = grammar.by_colour(scene, generator(0, "val", number, 2))
        assert words.startswith("three ") and {"count": 3} in mentions
        assert any(f"two {red}" in words for red in grammar.COLOUR_WORDS["red"])


def test_five_different_captions_of_gist_and_details() -> None:
    for _, five in TRAIN:
        assert len({tuple(caption.tokens) for caption in five}) == 5
        placed = sum(any({"shape", "place"} <= set(m) for m in caption.mentions) for caption in five)
        assert placed >= 1


def test_tokens_are_bare_and_raw_is_a_sentence() -> None:
    for _, caption in ALL:
        assert all(token.isalpha() and token.islower() for token in caption.tokens)
        assert caption.raw[0].isupper() and caption.raw.endswith(".")
        assert caption.raw.lower().replace(",", "").rstrip(".").split() == caption.tokens
        assert 4 <= len(caption.tokens) <= 30
        assert not any(
            a == "a" and b[0] in "aeiou" for a, b in zip(caption.tokens, caption.tokens[1:], strict=False)
        )


def test_number_of_words() -> None:
    assert 120 <= len({token for _, caption in ALL for token in caption.tokens}) <= 200


def candidates(mentions: list[grammar.Mention], places: list[Scene]) -> int:
    return sum(all(holds(mention, scene) for mention in mentions) for scene in places)


def test_captions_tell_images_apart() -> None:
    found = [scene for scene, _ in TEST]
    counts = sorted(candidates(caption.mentions, found) for _, five in TEST for caption in five)
    assert counts[0] == 1
    assert counts[len(counts) // 2] <= 3
    assert counts[len(counts) * 9 // 10] <= 10


@pytest.mark.parametrize("least", [0, 1, 2, 3])
def test_a_description_states_at_least_what_is_asked(least: int) -> None:
    thing = Thing("moon", "orange", "small", "checked", "middle")
    for number in range(30):
        phrase, mention = grammar.described(thing, generator(0, "val", number, 2), least)
        assert len(mention) >= least + 1
        assert all(vars(thing)[name] == value for name, value in mention.items())
        assert phrase.split()[0] in ("a", "an")
