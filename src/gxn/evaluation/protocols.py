"""Retrieval protocols: the whole split, five folds of 1,000 images, or exactly 5,000 images.

Recalls depend on the size of the gallery, so a number without its protocol says nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gxn.errors import GxnError
from gxn.evaluation import metrics
from gxn.evaluation.embeddings import Embeddings
from gxn.evaluation.protocol_sizes import IMAGES, PROTOCOLS, protocol_error
from gxn.evaluation.ranks import ranks
from gxn.evaluation.retrieval_map import Precision, both_ways

Column = Callable[[np.ndarray], float]
LabelColumn = Callable[[Precision], float]


@dataclass(frozen=True)
class Evaluated:
    """One protocol's metrics (see `evaluate`) and the ranks that they were made from.

    The ranks stand fold after fold: `i2t` (N,) of the images `imgid`, `t2i` (M,) of the captions `sentid`,
    whose images stand at `caption_image` (M,) of `imgid`; `fold` (N,) numbers the images' folds.
    """

    numbers: dict
    i2t: np.ndarray
    t2i: np.ndarray
    imgid: np.ndarray
    sentid: np.ndarray
    caption_image: np.ndarray
    fold: np.ndarray


def folds(imgid: np.ndarray, protocol: str) -> list[np.ndarray]:
    """Rows of the images of each fold; captions follow their image.

    `1k-5fold` takes the first 5,000 images in the order of their ids, 1,000 for each fold.

    Raises:
        GxnError: an unknown protocol, or the split has not the images that it needs.
    """
    if protocol not in PROTOCOLS:
        raise GxnError(f"unknown protocol {protocol!r}: choose from {', '.join(PROTOCOLS)}")
    if problem := protocol_error(protocol, len(imgid)):
        raise GxnError(f"protocol {problem}")
    if protocol == "1k-5fold":
        return np.split(np.argsort(imgid, kind="stable")[:IMAGES], 5)
    return [np.arange(len(imgid))]


def evaluate(
    embeddings: Embeddings,
    protocol: str,
    floor: bool,
    columns: Mapping[str, Column] | None = None,
    labels: np.ndarray | None = None,
    label_columns: Mapping[str, LabelColumn] | None = None,
) -> Evaluated:
    """Compute recalls in percent and MedR, means over the folds, rsum = the sum of those six recalls, and columns.

    Args:
        embeddings: of a split.
        protocol: one of PROTOCOLS.
        floor: that of `metrics.summary`.
        columns: further columns, functions of ranks, by name (gxn.evaluation.columns).
        labels: multi-hot (N, L) of the images; None: there are none, and no columns of them.
        label_columns: further columns, functions of the precision over labels.

    Raises:
        GxnError: the split does not suit the protocol; embeddings that are not finite, or are all the same.
    """
    rows_of = folds(embeddings.imgid, protocol)
    parts = [embeddings.of_images(rows) for rows in rows_of]
    found = [
        ranks(part.images, part.texts, part.caption_image, part.similarity, part.weights) for part in parts
    ]
    further = dict(columns or {})

    def summary(ranks: np.ndarray) -> dict[str, float]:
        return metrics.summary(ranks, floor) | {name: column(ranks) for name, column in further.items()}

    i2t = metrics.mean([summary(fold.i2t) for fold in found])
    t2i = metrics.mean([summary(fold.t2i) for fold in found])
    if labels is not None:
        precisions = [both_ways(part, labels[rows]) for part, rows in zip(parts, rows_of, strict=True)]
        for numbers, way in ((i2t, 0), (t2i, 1)):
            found_in = [each[way] for each in precisions]
            for name, column in (label_columns or {}).items():
                numbers[name] = float(np.mean([column(each) for each in found_in]))
            numbers["unlabelled"] = sum(each.summary()["left_out"] for each in found_in)
    starts = np.cumsum([0] + [len(part.imgid) for part in parts])
    numbers = {
        "i2t": i2t,
        "t2i": t2i,
        "rsum": metrics.rsum(i2t, t2i),
        "images": int(starts[-1]),
        "captions": sum(len(part.sentid) for part in parts),
        "folds": len(parts),
        "tied": float(np.mean([fold.tied for fold in found])),
    }
    return Evaluated(
        numbers=numbers,
        i2t=np.concatenate([fold.i2t for fold in found]),
        t2i=np.concatenate([fold.t2i for fold in found]),
        imgid=np.concatenate([part.imgid for part in parts]),
        sentid=np.concatenate([part.sentid for part in parts]),
        caption_image=np.concatenate(
            [part.caption_image + start for part, start in zip(parts, starts[:-1], strict=True)]
        ),
        fold=np.repeat(np.arange(len(parts)), np.diff(starts)),
    )
