"""Pixels of a scene: a patterned ground, then each thing with outline, shade and shadow, anti-aliased."""

import math
from collections.abc import Callable

import numpy as np

from gxn.datasets.palette import COLOURS, GROUNDS, PLACES, SIZES, mix
from gxn.datasets.scenes import Scene, Thing

FINE = 3  # samples per pixel and axis
JITTER = 0.025  # standard deviation of a thing's place, share of the side
Array = np.ndarray


def render(scene: Scene, size: int, rng: np.random.Generator) -> Array:
    """Draw `scene`, uint8 (size, size, 3)."""
    image = ground(scene.ground, size, rng)  # (S, S, 3) float32, 0..255
    # small things last, so that none is covered
    for thing in sorted(scene.things, key=lambda each: -SIZES[each.size]):
        paint(image, thing, rng)
    return np.clip(image + 0.5, 0, 255).astype(np.uint8)


def paint(image: Array, thing: Thing, rng: np.random.Generator) -> None:
    """Draw `thing` into `image` (S, S, 3) in place."""
    side = image.shape[0]
    # Python floats, since a float64 scalar of NumPy would make every float32 array float64
    shift_x, shift_y, turn, tone, grow = (
        min(max(rng.normal(0, spread), -most), most)
        for spread, most in (
            (JITTER, 2 * JITTER),
            (JITTER, 2 * JITTER),
            (0.09, 1),
            (0.04, 0.08),
            (0.04, 0.08),
        )
    )
    radius = SIZES[thing.size] * (1 + grow) * side
    x, y = (
        min(max((at + shift) * side, radius), side - radius)
        for at, shift in zip(PLACES[thing.place], (shift_x, shift_y), strict=True)
    )
    reach = math.ceil(radius * 1.12) + 2
    left, top = int(x) - reach, int(y) - reach
    steps = (np.arange(2 * reach * FINE, dtype=np.float32) + 0.5) / FINE
    across, down = (steps + (left - x)) / radius, (steps + (top - y))[:, None] / radius
    u = across * math.cos(turn) + down * math.sin(turn)  # (h, w), in radii: along the thing's own axes
    v = down * math.cos(turn) - across * math.sin(turn)
    inside = OUTLINES[thing.shape](u, v)
    edge = max(1, round(FINE * side * 0.013))
    core = eroded(inside, edge)
    marks = core & TEXTURES[thing.texture](u * (radius / side), v * (radius / side))
    masks = shrink(np.stack([inside, core, marks, moved(inside, edge + 1)]))  # (4, h, w), 0..1
    rows, cut_rows = window(top, 2 * reach, side)
    columns, cut_columns = window(left, 2 * reach, side)
    cover, core, marks, shade = masks[:, cut_rows, cut_columns, None]
    base, second, line = inks(thing.colour)
    light = 1 + tone - 0.1 * v[1::FINE, 1::FINE][cut_rows, cut_columns, None]
    colour = (line * (cover - core) + base * (core - marks) + second * marks) * light
    image[rows, columns] = image[rows, columns] * (1 - 0.3 * shade) * (1 - cover) + colour


def window(start: int, length: int, side: int) -> tuple[slice, slice]:
    """The part of [start, start + length) inside [0, side): in the image, and in the patch."""
    low, high = max(start, 0), min(start + length, side)
    return slice(low, high), slice(low - start, high - start)


def shrink(fine: Array) -> Array:
    """Share of true samples in each pixel, (C, h * FINE, w * FINE) -> (C, h, w) float32."""
    fine = fine.view(np.uint8)
    # adding strided views is several times faster than a mean over two short axes
    total = sum(fine[:, row::FINE, column::FINE] for row in range(FINE) for column in range(FINE))
    return total.astype(np.float32) / FINE**2


def eroded(mask: Array, steps: int) -> Array:
    """`mask` less a rim `steps` wide."""
    inner = np.zeros_like(mask)  # the border of a patch is outside the thing
    middle = slice(steps, -steps)
    inner[middle, middle] = (
        mask[middle, middle]
        & mask[: -2 * steps, middle]
        & mask[2 * steps :, middle]
        & mask[middle, : -2 * steps]
        & mask[middle, 2 * steps :]
    )
    return inner


def moved(mask: Array, steps: int) -> Array:
    """`mask` shifted right and down."""
    out = np.zeros_like(mask)
    out[steps:, steps:] = mask[:-steps, :-steps]
    return out


def inks(name: str) -> tuple[Array, Array, Array]:
    """Colours (3,) float32 of a thing's body, of the marks of its texture and of its outline."""
    base = COLOURS[name]
    if sum(base) > 400:
        second = mix(base, 0, 0.4)
    else:
        second = mix(base, 255, 0.6 if sum(base) > 100 else 0.45)
    line = mix(base, 255, 0.45) if name == "black" else mix(base, 0, 0.45)
    return np.asarray(base, np.float32), second, line


def star(u: Array, v: Array) -> Array:
    """Five points of radius 1, valleys of radius 0.45."""
    half, valley = math.pi / 5, 0.45
    angle = np.abs((np.arctan2(u, -v) + half) % (2 * half) - half)
    across, up = valley * math.cos(half) - 1, valley * math.sin(half)
    along = np.hypot(u, v)
    return across * along * np.sin(angle) - up * (along * np.cos(angle) - 1) >= 0


def heart(u: Array, v: Array) -> Array:
    """The sextic heart (x^2 + y^2 - 1)^3 <= x^2 y^3."""
    x, y = u * 1.22, 0.12 - v * 1.22
    rest = x * x + y * y - 1
    return rest * rest * rest <= x * x * y * y * y


# within the unit circle, u right and v down
OUTLINES: dict[str, Callable[[Array, Array], Array]] = {
    "circle": lambda u, v: np.hypot(u, v) <= 0.92,
    "square": lambda u, v: np.maximum(np.abs(u), np.abs(v)) <= 0.8,
    "triangle": lambda u, v: (np.abs(u) <= (v + 0.98) * 0.58) & (v <= 0.72),
    "star": star,
    "cross": lambda u, v: (
        (np.minimum(np.abs(u), np.abs(v)) <= 0.3) & (np.maximum(np.abs(u), np.abs(v)) <= 0.94)
    ),
    "ring": lambda u, v: np.abs(np.hypot(u, v) - 0.71) <= 0.25,
    "heart": heart,
    "diamond": lambda u, v: np.abs(u) / 0.72 + np.abs(v) <= 1,
    "moon": lambda u, v: (np.hypot(u, v) <= 0.96) & (np.hypot(u - 0.5, v + 0.12) > 0.74),
}


def fraction(value: Array) -> Array:
    """`value` less its floor; several times faster than `value % 1`."""
    return value - np.floor(value)


# marks of a texture; arguments in shares of the image's side
TEXTURES: dict[str, Callable[[Array, Array], Array]] = {
    "plain": lambda x, y: np.zeros(x.shape, bool),
    "striped": lambda x, y: fraction((x + y) / 0.14) < 0.45,
    "dotted": lambda x, y: np.hypot(fraction(x / 0.1 + 0.5) - 0.5, fraction(y / 0.1 + 0.5) - 0.5) < 0.32,
    "checked": lambda x, y: (fraction(x / 0.15) < 0.5) == (fraction(y / 0.15) < 0.5),
}


def ground(name: str, size: int, rng: np.random.Generator) -> Array:
    """The ground `name`, float32 (size, size, 3), 0..255."""
    line = (np.arange(size, dtype=np.float32) + 0.5) / size
    # a row (1, S) and a column (S, 1): what depends on one of them alone is computed once per row or column
    tone, soft = (
        np.asarray(each, np.float32)[..., None] for each in PATTERNS[name](line[None], line[:, None], rng)
    )
    base = np.asarray(GROUNDS[name], np.float32) * np.float32(1 + rng.normal(0, 0.03))
    image = base * (1 + tone)
    image = image + (255 - image) * soft
    return image if len(image) == image.shape[1] else np.broadcast_to(image, (size, size, 3)).copy()


def noise(size: int, rng: np.random.Generator) -> Array:
    """Standard normal noise, float32 (size, size)."""
    return rng.standard_normal((size, size), dtype=np.float32)


def spots(x: Array, y: Array, centres: Array, wide: Array, high: Array) -> Array:
    """Gaussian spots (K, S, S) with peaks of 1, K centres (2, K), and widths (K,) across and down."""
    across = np.exp(-(((x - centres[0][:, None, None]) / wide[:, None, None]) ** 2))
    down = np.exp(-(((y - centres[1][:, None, None]) / high[:, None, None]) ** 2))
    return across * down


# Each takes a row x (1, S) and a column y (S, 1), float32, in shares of the side.
def sky(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array | float]:
    centres, wide = rng.random((2, 4), np.float32), rng.uniform(0.1, 0.22, 4).astype(np.float32)
    clouds = spots(x, y, centres, wide, 0.35 * wide).max(0)
    return 0.14 * (y - 0.5), 0.75 * clouds


def sand(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array | float]:
    bend = 0.04 * np.sin(2 * math.pi * (x * rng.uniform(0.8, 1.6) + rng.random()))
    return 0.06 * np.sin(2 * math.pi * (y + bend) * 9) + 0.035 * noise(x.size, rng), 0.0


def grass(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array | float]:
    blades = noise(x.size, rng)
    for step in (1, 2):  # four neighbours below each other are added: upright blades
        blades = blades + np.roll(blades, step, axis=0)
    return 0.05 * blades, 0.0


def sea(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array | float]:
    long, short = (np.sin(2 * math.pi * (x * times + rng.random())) for times in (3, 5))
    wave = np.sin(2 * math.pi * (y + 0.02 * long + 0.015 * short) * 7)
    foam = np.clip(wave - 0.8, 0, 1) * (noise(x.size, rng) > -0.3)
    return 0.1 * wave - 0.1 * (y - 0.5), 1.2 * foam


def snow(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array | float]:
    drift = np.sin(2 * math.pi * (x * rng.uniform(0.6, 1.2) + y * 1.5 + rng.random()))
    return 0.045 * drift - 0.02 + 0.012 * noise(x.size, rng), 0.6 * (noise(x.size, rng) > 2.3)


def night(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array | float]:
    centres, bright = rng.random((2, 22), np.float32), rng.uniform(0.4, 1, (22, 1, 1)).astype(np.float32)
    wide = np.full(22, 0.009, np.float32)
    return 0.5 * (y - 0.5), (bright * spots(x, y, centres, wide, wide)).max(0)


def brick(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array | float]:
    down = y * 8 + rng.random()
    row = np.floor(down)
    across = x * 4 + 0.5 * (row % 2) + rng.random()
    tones = rng.normal(0, 0.07, (12, 8)).astype(np.float32)
    tone = tones[row.astype(int), np.floor(across).astype(int)] + 0.02 * noise(x.size, rng)
    mortar = (fraction(down) < 0.16) | (fraction(across) < 0.08)
    return np.where(mortar, 0, tone), 0.5 * mortar


def stone(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array | float]:
    across, down = x * 5 + rng.random(), y * 5 + rng.random()
    tones = rng.normal(0, 0.07, (7, 7)).astype(np.float32)
    tone = tones[np.floor(down).astype(int), np.floor(across).astype(int)] + 0.03 * noise(x.size, rng)
    gap = (fraction(across) < 0.09) | (fraction(down) < 0.09)
    return np.where(gap, -0.25, tone), 0.0


# tone: relative change of brightness; soft: share of white mixed in; both broadcast to (S, S)
PATTERNS: dict[str, Callable[..., tuple[Array, Array | float]]] = {
    each.__name__: each for each in (sky, sand, grass, sea, snow, night, brick, stone)
}
