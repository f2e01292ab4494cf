"""The index that is searched: embedded images or sentences with their names, ranked by a row's own similarity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Embedded = Mapping[str, np.ndarray]  # float32 (N, D) by space


@dataclass(frozen=True)
class Found:
    """One result of a search.

    Attributes:
        score: higher is more alike. Cosines are 1 at most; order violations, with a minus, 0 at most.
        id: imgid or sentid in a dataset; the place in a folder's or caller's own list.
        name: path of an image, or text of a sentence.
    """

    score: float
    id: int
    name: str


@dataclass(frozen=True)
class Index:
    """Items in the spaces of one row.

    Attributes:
        kind: what the items are.
        names: paths of images, or texts of sentences.
        ids: int64 (N,).
        embedded: float32 (N, D) by space.
    """

    kind: Literal["images", "sentences"]
    names: Sequence[str]
    ids: np.ndarray
    embedded: Embedded

    def __len__(self) -> int:
        return len(self.names)

    def best(self, scores: np.ndarray, count: int) -> list[Found]:
        """The items of the highest of the scores (N,); equal ones in the order of the index."""
        rows = np.argsort(-scores, kind="stable")[:count]
        return [Found(float(scores[row]), int(self.ids[row]), self.names[row]) for row in rows]
