"""Captions of a scene: five true sentences, some of the gist (abstract), some of details (grounded)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gxn.datasets.palette import PLACES
from gxn.datasets.scenes import Scene, Thing, choose

Mention = dict[str, str | int]  # facts a sentence states: of one thing, of the ground, or the count
Rng = np.random.Generator

COLOUR_WORDS = {
    "red": ("red", "crimson", "scarlet"),
    "orange": ("orange", "amber"),
    "yellow": ("yellow", "golden", "lemon"),
    "green": ("green", "emerald"),
    "blue": ("blue", "azure", "cobalt"),
    "purple": ("purple", "violet"),
    "pink": ("pink", "rosy"),
    "white": ("white", "ivory"),
    "black": ("black", "ebony"),
}
SHAPE_WORDS = {
    "circle": (("circle", "circles"), ("disc", "discs"), ("ball", "balls")),
    "square": (("square", "squares"), ("box", "boxes")),
    "triangle": (("triangle", "triangles"), ("pyramid", "pyramids")),
    "star": (("star", "stars"),),
    "cross": (("cross", "crosses"), ("plus", "pluses")),
    "ring": (("ring", "rings"), ("hoop", "hoops")),
    "heart": (("heart", "hearts"),),
    "diamond": (("diamond", "diamonds"), ("rhombus", "rhombuses")),
    "moon": (("moon", "moons"), ("crescent", "crescents")),
}
SIZE_WORDS = {
    "small": ("small", "little", "tiny"),
    "medium": ("medium", "midsize"),
    "large": ("large", "big", "huge"),
}
TEXTURE_WORDS = {  # before the noun, after the noun
    "plain": (("plain", "solid", "unmarked"), ("without pattern",)),
    "striped": (("striped", "banded"), ("with stripes",)),
    "dotted": (("dotted", "spotted"), ("with dots", "with spots")),
    "checked": (("checked", "chequered"), ("with checks",)),
}
PLACE_WORDS = {
    "top left": ("in the top left", "in the upper left", "at the top left corner"),
    "top right": ("in the top right", "in the upper right", "at the top right corner"),
    "middle": ("in the middle", "in the centre", "at the centre"),
    "bottom left": ("in the bottom left", "in the lower left", "at the bottom left corner"),
    "bottom right": ("in the bottom right", "in the lower right", "at the bottom right corner"),
}
GROUND_WORDS = {
    "sky": ("in the sky", "among clouds", "in a cloudy sky"),
    "sand": ("on the sand", "on a sandy beach", "on the beach"),
    "grass": ("on the grass", "on a lawn", "in a meadow"),
    "sea": ("on the sea", "on the water", "in the ocean"),
    "snow": ("on the snow", "in a snowy field"),
    "night": ("at night", "in the dark"),
    "brick": ("on a brick wall", "in front of bricks"),
    "stone": ("on stone tiles", "on the pavement"),
}
COUNT_WORDS = {2: ("two", "a pair of", "a couple of"), 3: ("three",), 4: ("four",)}
# (right, down) steps from the first thing to the second that a relation needs: 1, -1, or 0 for either
RELATION_WORDS = {
    (1, 0): ("to the left of", "left of"),
    (-1, 0): ("to the right of", "right of"),
    (0, 1): ("above", "over", "higher than"),
    (0, -1): ("below", "under", "lower than"),
}


@dataclass(frozen=True)
class Caption:
    """One sentence: `raw` as a person writes it, `tokens` lower-case and bare, `mentions` the facts it states."""

    raw: str
    tokens: list[str]
    mentions: list[Mention]


def captions(scene: Scene, rng: Rng) -> list[Caption]:
    """Five captions, no two equal: two of the gist and three of details, in random order."""
    kinds = [*rng.permutation(len(GIST))[:2], *(len(GIST) + rng.permutation(len(DETAIL))[:3])]
    written: list[Caption] = []
    for kind in rng.permutation(kinds):
        caption = None
        while caption is None or any(caption.tokens == other.tokens for other in written):
            caption = sentence(*[*GIST, *DETAIL][kind](scene, rng))
        written.append(caption)
    return written


def sentence(words: str, mentions: list[Mention]) -> Caption:
    """Capital letter and full stop for a person, bare tokens for a model."""
    return Caption(words[0].upper() + words[1:] + ".", words.replace(",", "").split(), mentions)


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def shuffled(things: Sequence[Thing], rng: Rng) -> list[Thing]:
    return [things[which] for which in rng.permutation(len(things))]


def described(thing: Thing, rng: Rng, least: int = 2) -> tuple[str, Mention]:
    """A noun phrase that states shape and at least `least` of colour, size and texture; colour most often."""
    chances = (("colour", 0.92), ("texture", 0.55), ("size", 0.55))
    stated = {name for name, chance in chances if rng.random() < chance}
    for name, _ in chances:
        if len(stated) < least:
            stated.add(name)
    before, after = [], ""
    if "colour" in stated:
        before.append(choose(rng, COLOUR_WORDS[thing.colour]))
    if "texture" in stated:
        front, behind = TEXTURE_WORDS[thing.texture]
        if rng.random() < 0.3:
            after = f" {choose(rng, behind)}"
        else:
            before.insert(int(rng.integers(len(before) + 1)), choose(rng, front))
    if "size" in stated:
        before.insert(0, choose(rng, SIZE_WORDS[thing.size]))
    noun = SHAPE_WORDS[thing.shape][int(rng.integers(len(SHAPE_WORDS[thing.shape])))][0]
    facts = {name: getattr(thing, name) for name in ("shape", "colour", "size", "texture")}
    mention: Mention = {name: value for name, value in facts.items() if name == "shape" or name in stated}
    return with_article(" ".join([*before, noun])) + after, mention


def perhaps_ground(scene: Scene, rng: Rng, chance: float) -> tuple[str, list[Mention]]:
    """A phrase for the ground, with its mention, or nothing."""
    if rng.random() >= chance:
        return "", []
    return f" {choose(rng, GROUND_WORDS[scene.ground])}", [{"ground": scene.ground}]


def groups(scene: Scene, attribute: str, rng: Rng) -> list[tuple[str, int]]:
    """Values of `attribute` in the scene with how many things have each, in random order."""
    values = [getattr(thing, attribute) for thing in shuffled(scene.things, rng)]
    return [(value, values.count(value)) for value in dict.fromkeys(values)]


def by_shape(scene: Scene, rng: Rng) -> tuple[str, list[Mention]]:
    """`two stars and a ring on the beach`."""
    parts, mentions = [], []
    for shape, count in groups(scene, "shape", rng):
        one, many = SHAPE_WORDS[shape][int(rng.integers(len(SHAPE_WORDS[shape])))]
        parts.append(with_article(one) if count == 1 else f"{choose(rng, COUNT_WORDS[count])} {many}")
        mentions += [{"shape": shape}] * count
    words, ground = perhaps_ground(scene, rng, 1)
    return listed(parts) + words, [*mentions, *ground]


def by_colour(scene: Scene, rng: Rng) -> tuple[str, list[Mention]]:
    """`three things in the sky, two red and one blue`."""
    words, ground = perhaps_ground(scene, rng, 1)
    found = groups(scene, "colour", rng)
    parts = [
        f"{('', 'one', 'two', 'three', 'four')[count]} {choose(rng, COLOUR_WORDS[c])}" for c, count in found
    ]
    mentions = [{"colour": colour} for colour, count in found for _ in range(count)]
    noun = choose(rng, ["things", "shapes", "objects"])
    count = choose(rng, COUNT_WORDS[len(scene.things)])
    return f"{count} {noun}{words}, {listed(parts)}", [{"count": len(scene.things)}, *mentions, *ground]


def by_layout(scene: Scene, rng: Rng) -> tuple[str, list[Mention]]:
    """`on the grass there are things in the top left and in the middle`."""
    words, ground = perhaps_ground(scene, rng, 1)
    places = [thing.place for thing in shuffled(scene.things, rng)]
    where = listed([choose(rng, PLACE_WORDS[place]) for place in places])
    noun = choose(rng, ["things", "shapes", "objects"])
    mentions: list[Mention] = [*({"place": place} for place in places), *ground]
    return choose(rng, [f"{noun}{words}, {where}", f"{words[1:]} there are {noun} {where}"]), mentions


def by_texture(scene: Scene, rng: Rng) -> tuple[str, list[Mention]]:
    """`a scene on the snow with one striped and two plain things, among them a pink ring`."""
    words, ground = perhaps_ground(scene, rng, 1)
    found = groups(scene, "texture", rng)
    number = ("", "one", "two", "three", "four")
    parts = [f"{number[count]} {choose(rng, TEXTURE_WORDS[value][0])}" for value, count in found]
    mentions: list[Mention] = [{"texture": value} for value, count in found for _ in range(count)]
    noun = "thing" if found[-1][1] == 1 else choose(rng, ["things", "shapes"])
    phrase, mention = described(shuffled(scene.things, rng)[0], rng, least=1)
    start = choose(rng, ["a scene", "a picture"])
    return f"{start}{words} with {listed(parts)} {noun}, among them {phrase}", [*mentions, mention, *ground]


def placed(scene: Scene, rng: Rng) -> tuple[str, list[Mention]]:
    """`a big red star in the top left`, in either order."""
    thing = shuffled(scene.things, rng)[0]
    phrase, mention = described(thing, rng)
    where = choose(rng, PLACE_WORDS[thing.place])
    words, ground = perhaps_ground(scene, rng, 0.8)
    forms = [
        f"{phrase} {where}{words}",
        f"{where} there is {phrase}{words}",
        f"there is {phrase} {where}{words}",
    ]
    return choose(rng, forms), [mention | {"place": thing.place}, *ground]


def both_placed(scene: Scene, rng: Rng) -> tuple[str, list[Mention]]:
    """`a red star in the top left and a ring in the middle`."""
    parts, mentions = [], []
    for thing in shuffled(scene.things, rng)[:2]:
        phrase, mention = described(thing, rng, least=1)
        parts.append(f"{phrase} {choose(rng, PLACE_WORDS[thing.place])}")
        mentions.append(mention | {"place": thing.place})
    return listed(parts), mentions


def related(scene: Scene, rng: Rng) -> tuple[str, list[Mention]]:
    """`a red star above a small ring`."""
    first, second = shuffled(scene.things, rng)[:2]
    (x, y), (to_x, to_y) = PLACES[first.place], PLACES[second.place]
    true = [
        words
        for (right, down), choices in RELATION_WORDS.items()
        if (to_x - x) * right > 0 or (to_y - y) * down > 0
        for words in choices
    ]
    (subject, one), (other, two) = described(first, rng), described(second, rng, least=1)
    words, ground = perhaps_ground(scene, rng, 0.6)
    verb = choose(rng, ["", " is", " sits"])
    return f"{subject}{verb} {choose(rng, true)} {other}{words}", [one, two, *ground]


def together(scene: Scene, rng: Rng) -> tuple[str, list[Mention]]:
    """`a tiny blue heart and a plain white box on the sand`."""
    described_things = [described(thing, rng) for thing in shuffled(scene.things, rng)[:2]]
    words, ground = perhaps_ground(scene, rng, 0.8)
    join = choose(rng, ["and", "next to", "together with"]) if not ground else "and"
    first, second = described_things
    if ground and rng.random() < 0.4:
        return f"{words[1:]} there is {first[0]} and {second[0]}", [first[1], second[1], *ground]
    return f"{first[0]} {join} {second[0]}{words}", [first[1], second[1], *ground]


Kind = Callable[[Scene, Rng], tuple[str, list[Mention]]]
GIST: tuple[Kind, ...] = (by_shape, by_colour, by_layout, by_texture)
DETAIL: tuple[Kind, ...] = (placed, both_placed, related, together)
