"""Permutations that pair every item with another image's: the chance level of a measure."""

import numpy as np

from gxn.errors import GxnError


def spread_shifts(count: int, most: int = 16) -> np.ndarray:
    """Cyclic shifts, evenly spread over 1..count-1, int64 (S,), S <= most.

    `np.roll(items, shift)` pairs each of `count` items with another image's item. The shifts are spread because
    neighbours may be alike: of rendered scenes, those of a block of eight differ in one attribute.

    Raises:
        GxnError: there are fewer than two items, so that nothing can be permuted.
    """
    if count < 2:
        raise GxnError(f"chance level: needs at least two images, not {count}; give more test images")
    shifts = np.unique(np.arange(1, most + 1) * count // (most + 1))
    return shifts[shifts > 0]
