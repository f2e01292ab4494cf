"""The classification set of the CNN: scenes that are in no split, labelled place by place."""

from collections.abc import Iterator

import numpy as np

from gxn.datasets.palette import ATTRIBUTES, GROUNDS, PLACES
from gxn.datasets.rendering import render
from gxn.datasets.scenes import Scene, draw, generator, stream_of

STREAM = "shapes"
# one question each, with its possible answers; a place without a thing answers "none" to all four
QUESTIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("ground", ""): tuple(GROUNDS),
    **{(name, place): ("none", *values) for place in PLACES for name, values in ATTRIBUTES.items()},
}


def classification_set(seed: int, size: int, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Images uint8 (size, size, 3) of one to five things, each with its answers int64 (Q,) to `QUESTIONS`."""
    for index in range(count):
        layout = generator(seed, STREAM, index, 0)
        scene = draw(layout, 1, len(PLACES))
        while stream_of(scene) != STREAM:
            scene = draw(layout, 1, len(PLACES))
        yield render(scene, size, generator(seed, STREAM, index, 1)), answers(scene)


def answers(scene: Scene) -> np.ndarray:
    """Index of the right answer to each question, int64 (Q,)."""
    things = {thing.place: thing for thing in scene.things}
    right = [scene.ground, *(getattr(things.get(place), name, "none") for name, place in list(QUESTIONS)[1:])]
    return np.array([values.index(value) for values, value in zip(QUESTIONS.values(), right, strict=True)])


def mirrored() -> np.ndarray:
    """Question that each question becomes when left and right are swapped, int64 (Q,)."""
    swap = {"left": "right", "right": "left"}
    keys = list(QUESTIONS)
    turned = [(name, " ".join(swap.get(word, word) for word in place.split())) for name, place in keys]
    return np.array([keys.index(key) for key in turned])
