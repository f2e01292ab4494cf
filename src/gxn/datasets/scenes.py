"""The embedded data set: which things are where on which ground, for each image of each split."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gxn.datasets.palette import ATTRIBUTES, GROUNDS, HIDDEN, PLACES
from gxn.errors import GxnError

SPLITS = ("train", "val", "test")
STREAMS = (*SPLITS, "shapes")  # shapes: the CNN's own images

# Images come in blocks: 0 1 2 are a family (1 and 2 differ from 0 in one attribute), so are 3 4; 5 6 7 are alone.
TWIN_OF = (None, 0, 0, None, 3, None, None, None)
TRIES = 10_000


@dataclass(frozen=True)
class Thing:
    """One object of a scene; values as in `gxn.datasets.palette`."""

    shape: str
    colour: str
    size: str
    texture: str
    place: str


@dataclass(frozen=True)
class Scene:
    """A ground and the things on it, in the order of `PLACES`: everything a caption can state."""

    ground: str
    things: tuple[Thing, ...]

    def facts(self) -> dict[str, Any]:
        """The scene as plain data for JSON."""
        return {"ground": self.ground, "things": [dict(vars(thing)) for thing in self.things]}

    def key(self) -> bytes:
        """16 bytes that stand for the content: equal scenes, equal keys."""
        things = ";".join(",".join(vars(thing).values()) for thing in self.things)
        return hashlib.blake2b(f"{self.ground}|{things}".encode(), digest_size=16).digest()


def generator(seed: int, stream: str, index: int, purpose: int) -> np.random.Generator:
    """Random numbers of one image, whatever else is drawn; `purpose`: 0 layout, 1 pixels, 2 captions."""
    key = (STREAMS.index(stream), index, purpose)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def stream_of(scene: Scene) -> str:
    """The stream a scene belongs to by its content: streams are disjoint whatever their sizes and seeds."""
    return STREAMS[scene.key()[0] % len(STREAMS)]


def choose(rng: np.random.Generator, values: tuple[str, ...] | list[str]) -> str:
    """One of `values`, all equally likely."""
    return values[int(rng.integers(len(values)))]


def draw(rng: np.random.Generator, least: int, most: int) -> Scene:
    """A scene of `least` to `most` things; no two share both shape and colour, none hides on the ground."""
    ground = choose(rng, list(GROUNDS))
    places = sorted(rng.choice(len(PLACES), size=int(rng.integers(least, most + 1)), replace=False))
    things: list[Thing] = []
    while len(things) < len(places):
        place = list(PLACES)[places[len(things)]]
        thing = Thing(**{name: choose(rng, values) for name, values in ATTRIBUTES.items()}, place=place)
        if fits(ground, [*things, thing]):
            things.append(thing)
    return Scene(ground, tuple(things))


def fits(ground: str, things: list[Thing] | tuple[Thing, ...]) -> bool:
    """Say whether every thing shows on `ground` and differs from the others in shape and colour."""
    kinds = {(thing.shape, thing.colour) for thing in things}
    return len(kinds) == len(things) and not any(thing.colour in HIDDEN[ground] for thing in things)


def twin(rng: np.random.Generator, scene: Scene) -> Scene:
    """`scene` with one attribute changed: of one thing, or the ground."""
    while True:
        name = choose(rng, [*ATTRIBUTES, "place", "ground"])
        which = int(rng.integers(len(scene.things)))
        thing = scene.things[which]
        if name == "ground":
            other = replace(scene, ground=choose(rng, list(GROUNDS)))
        else:
            taken = {each.place for each in scene.things}
            # a size next to another is hard to tell even for a person, so sizes jump
            values = {"place": [place for place in PLACES if place not in taken], "size": ["small", "large"]}
            changed = replace(thing, **{name: choose(rng, values.get(name, ATTRIBUTES.get(name, ())))})
            things = [*scene.things[:which], changed, *scene.things[which + 1 :]]
            other = replace(
                scene, things=tuple(sorted(things, key=lambda each: list(PLACES).index(each.place)))
            )
        if other != scene and fits(other.ground, other.things):
            return other


def scenes(seed: int, split: str, count: int) -> Iterator[Scene]:
    """Yield the first `count` scenes of a split; no two are equal, and the first n are the same for any `count`.

    Raises:
        GxnError: the split is larger than the number of different scenes.
    """
    seen: set[bytes] = set()
    block: list[Scene] = []
    for index in range(count):
        rng = generator(seed, split, index, 0)
        if index % len(TWIN_OF) == 0:
            block = []
        origin = TWIN_OF[index % len(TWIN_OF)]
        for _ in range(TRIES):
            scene = draw(rng, 2, 4) if origin is None else twin(rng, block[origin])
            if stream_of(scene) == split and scene.key() not in seen:
                break
        else:
            raise GxnError(f"dataset.source.{split}: only {index} different scenes were found; lower it")
        seen.add(scene.key())
        block.append(scene)
        yield scene
