"""Measures whether drawn images follow their captions' colours and places better than chance.

Of a caption only the facts it states are looked at (`mentions` of the scenes):

- a colour at a place: the tenth of the pixels around that place that come nearest to the colour;
- a colour whose place is not stated: the fortieth of all pixels nearest to it (the size of a small thing);
- a ground: all pixels away from the places.

Each fact scores the mean of exp(-d / 30) over these pixels, d the CIE76 difference (CIELAB, D65) to the
fact's colour: 1 for the very colour, 0.37 at d = 30, about the distance of red to orange. An image scores the
mean of its facts, a set of images the mean of theirs. Chance is the mean score of the same images, each under
every other image's caption; fixed random permutations of the captions give the spread of chance alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gxn.datasets.palette import COLOURS, GROUNDS, PLACES
from gxn.errors import GxnError

SCALE = 30.0  # CIELAB units
REACH = 0.17  # half the side of the square around a place, share of the image's side
NEAREST = {"place": 0.1, "anywhere": 0.025}
PERMUTATIONS = 200
BLOCK = 16  # images looked at together: 64 pixels a side, they take 1 MB each on the way


@dataclass(frozen=True)
class Fidelity:
    """Measures of how well a set of images follows its captions.

    Attributes:
        score: mean score, 0..1.
        chance: mean score under permuted captions, 0..1.
        gain: (score - chance) / (1 - chance): 0 at chance, 1 for the very colours everywhere.
        z: (score - chance) over the standard deviation of the permuted scores.
    """

    score: float
    chance: float
    gain: float
    z: float


def colour_fidelity(images: np.ndarray, mentions: Sequence[Sequence[Mapping[str, Any]]]) -> Fidelity:
    """Score images against the facts their captions state.

    Args:
        images: (M, 3, S, S), uint8 or float in 0..1.
        mentions: of the caption of each image; keys colour, place and ground are used.

    Raises:
        GxnError: the shapes do not match, values are out of range, or fewer than two captions state such a fact.
    """
    if images.ndim != 4 or images.shape[1] != 3 or len(images) != len(mentions):
        raise GxnError(
            f"fidelity: images {images.shape} and {len(mentions)} captions; give (M, 3, S, S) and M"
        )
    columns = list(facts())
    asked = np.zeros((len(images), len(columns)))
    for row, stated in enumerate(mentions):
        for mention in stated:
            for fact in facts_of(mention):
                asked[row, columns.index(fact)] += 1
    stating = asked.sum(1) > 0
    if stating.sum() < 2:
        raise GxnError("fidelity: fewer than two captions state a colour or a ground; it cannot be measured")
    asked = asked[stating] / asked[stating].sum(1, keepdims=True)
    images = images[stating]
    scores = [closeness(images[start : start + BLOCK]) for start in range(0, len(images), BLOCK)]
    pairs = np.concatenate(scores) @ asked.T  # (M, M): image i under caption j
    return compared(pairs)


def compared(pairs: np.ndarray) -> Fidelity:
    """The figures from the scores (M, M) of every image under every caption."""
    count = len(pairs)
    rng = np.random.default_rng(0)
    score = float(np.diag(pairs).mean())
    permuted = np.array([pairs[np.arange(count), rng.permutation(count)].mean() for _ in range(PERMUTATIONS)])
    # the exact mean over all permutations that leave no caption in its place
    chance = float((pairs.sum() - np.trace(pairs)) / (count * (count - 1)))
    spread = float(permuted.std(ddof=1))
    return Fidelity(
        score=score,
        chance=chance,
        gain=(score - chance) / (1 - chance),
        z=(score - chance) / spread if spread > 1e-9 else 0.0,  # all captions fit alike, but for rounding
    )


def facts() -> list[tuple[str, str]]:
    """Everything that can be looked at: (place or "anywhere", colour) and ("ground", ground)."""
    placed = [(place, colour) for place in (*PLACES, "anywhere") for colour in COLOURS]
    return [*placed, *(("ground", ground) for ground in GROUNDS)]


def facts_of(mention: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts of `facts` that a mention states."""
    found = [(mention.get("place", "anywhere"), mention["colour"])] if "colour" in mention else []
    return [*found, ("ground", mention["ground"])] if "ground" in mention else found


def closeness(images: np.ndarray) -> np.ndarray:
    """Score of every fact in every image, (M, 3, S, S) -> (M, facts), 0..1."""
    count, side = len(images), images.shape[-1]
    pixels = np.ascontiguousarray(lab(scaled(images)).reshape(-1, 3).T)
    line = (np.arange(side) + 0.5) / side
    around = {
        place: ((np.abs(line[:, None] - y) < REACH) & (np.abs(line[None, :] - x) < REACH)).ravel()
        for place, (x, y) in PLACES.items()
    }
    free = ~np.any(list(around.values()), axis=0)
    apart = {name: squared_distance(pixels, colour) for name, colour in (COLOURS | GROUNDS).items()}
    scores = []
    for where, name in facts():
        far = apart[name].reshape(count, side * side)
        if where == "ground":
            far = far[:, free]
        else:
            far = far[:, around[where]] if where in around else far
            kept = max(1, round(far.shape[1] * NEAREST["place" if where in around else "anywhere"]))
            far = np.partition(far, kept - 1, axis=1)[:, :kept]
        scores.append(np.exp(-np.sqrt(far) / SCALE).mean(1))
    return np.stack(scores, 1)


def squared_distance(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """CIELAB pixels (3, P) from an sRGB colour, 0..255: (P,)."""
    return sum(
        np.square(channel - value)
        for channel, value in zip(pixels, lab(np.asarray(colour, float) / 255), strict=True)
    )


def scaled(images: np.ndarray) -> np.ndarray:
    """(M, 3, S, S) to (M, S, S, 3) float in 0..1."""
    values = images / 255.0 if images.dtype == np.uint8 else images.astype(float)
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        raise GxnError("fidelity: images must be uint8, or float within 0..1")
    return values.transpose(0, 2, 3, 1)


def lab(colours: np.ndarray) -> np.ndarray:
    """SRGB (..., 3) in 0..1 to CIELAB under D65 (IEC 61966-2-1; CIE 15)."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ratio = linear @ np.array(to_xyz).T / [0.9505, 1.0, 1.089]
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)
