"""The similarities of an image v and a caption t, by name, and what sets each apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gxn.errors import GxnError


@dataclass(frozen=True)
class Similarity:
    """An inner product, or minus by how much an order is violated (GXN, equation 3).

    Attributes:
        order: minus ||max(0, t - v)||^2, which is 0 where the caption lies below the image (Vendrov et al. 2016).
        reverse: of v - t, the direction in which the paper is restated.
        root: the norm and not its square (VSE++'s code).
    """

    order: bool
    reverse: bool = False
    root: bool = False


SIMILARITIES = {
    "cosine": Similarity(order=False),
    "order": Similarity(order=True),
    "order_reversed": Similarity(order=True, reverse=True),
    "order_root": Similarity(order=True, root=True),
    "order_reversed_root": Similarity(order=True, reverse=True, root=True),
}


def get_similarity(name: str) -> Similarity:
    """Return the similarity of that name.

    Raises:
        GxnError: there is none.
    """
    if name not in list(SIMILARITIES):  # which may be asked for anything that JSON knows
        raise GxnError(f"similarity: must be one of {', '.join(SIMILARITIES)}, not {name!r}")
    return SIMILARITIES[name]


def check_weights(weights: Sequence[float]) -> None:
    """Refuse weights of the spaces that order no candidates.

    Raises:
        GxnError: one is negative or not finite, or none is above 0.
    """
    if not all(0 <= weight < math.inf for weight in weights) or not any(weights):
        shown = ", ".join(f"{weight:g}" for weight in weights)
        raise GxnError(f"the weights of the spaces must be 0 or more, and one above 0, not {shown}")
