"""The attributes of scenes: the values that each can take, their colours and their positions."""

import numpy as np

# sRGB, 0..255: far apart, so that each keeps its name under texture, shading and jitter
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (212, 36, 40),
    "orange": (246, 132, 30),
    "yellow": (250, 216, 48),
    "green": (38, 152, 66),
    "blue": (36, 88, 214),
    "purple": (132, 56, 178),
    "pink": (246, 142, 188),
    "white": (246, 246, 242),
    "black": (30, 30, 34),
}

GROUNDS: dict[str, tuple[int, int, int]] = {
    "sky": (152, 206, 240),
    "sand": (224, 198, 152),
    "grass": (112, 166, 76),
    "sea": (40, 122, 158),
    "snow": (230, 237, 244),
    "night": (24, 28, 62),
    "brick": (158, 90, 70),
    "stone": (150, 150, 154),
}

# colours that would be lost on a ground
HIDDEN: dict[str, frozenset[str]] = {
    "sky": frozenset({"white"}),
    "sand": frozenset({"yellow"}),
    "grass": frozenset({"green"}),
    "sea": frozenset({"blue"}),
    "snow": frozenset({"white"}),
    "night": frozenset({"black"}),
    "brick": frozenset({"red"}),
    "stone": frozenset(),
}

SHAPES = ("circle", "square", "triangle", "star", "cross", "ring", "heart", "diamond", "moon")
TEXTURES = ("plain", "striped", "dotted", "checked")

# radius as a share of the image's side
SIZES: dict[str, float] = {"small": 0.1, "medium": 0.14, "large": 0.2}

# centre (x right, y down) as a share of the image's side
PLACES: dict[str, tuple[float, float]] = {
    "top left": (0.24, 0.24),
    "top right": (0.76, 0.24),
    "middle": (0.5, 0.5),
    "bottom left": (0.24, 0.76),
    "bottom right": (0.76, 0.76),
}

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "shape": SHAPES,
    "colour": tuple(COLOURS),
    "size": tuple(SIZES),
    "texture": TEXTURES,
}


def mix(colour: tuple[int, int, int], other: float, share: float) -> np.ndarray:
    """`colour` with `share` of the grey `other` mixed in, float32 (3,), 0..255."""
    return np.asarray(colour, np.float32) * (1 - share) + other * share
