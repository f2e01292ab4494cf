"""Describes what the retrieval grids show: queries chosen by rule, and what a run found for them.

Nobody picks the examples. Queries are sorted by their rank in this run, equal ranks by a hash of their id,
and one is taken from the middle of each of as many equal parts as there are rows: the first grid row is an
easy query and the last a hard one.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gxn.datasets.captions import read_captions
from gxn.datasets.images import open_images
from gxn.datasets.sentences import read_texts, readable
from gxn.errors import GxnError
from gxn.evaluation.embeddings import Embeddings
from gxn.files import read_json, rows_of
from gxn.hdf5 import hdf5_dataset, open_hdf5
from gxn.similarities import get_similarity

SIDE = 320  # pixels: an inch of paper at 300 dots


@dataclass(frozen=True)
class Found:
    """A query (row of its own side), its rank, and the rows of the best candidates, best first."""

    query: int
    rank: float
    best: list[int]


def choose(ranks: np.ndarray, ids: np.ndarray, query_image: np.ndarray, count: int) -> list[int]:
    """Rows of `count` queries from easy to hard, no two of one image.

    Args:
        ranks: (Q,) of each query; NaN for one that may not be chosen.
        ids: (Q,) stable ids, which order equal ranks through a hash.
        query_image: (Q,) the image that each query belongs to.
    """
    allowed = np.flatnonzero(np.isfinite(ranks))
    keys = {row: hashlib.sha256(str(int(ids[row])).encode()).hexdigest() for row in allowed}
    order = sorted(allowed.tolist(), key=lambda row: (ranks[row], keys[row]))
    chosen: list[int] = []
    for part in range(count):
        start = int((part + 0.5) / count * len(order))
        used = {int(query_image[row]) for row in chosen}
        rest = (row for row in order[start:] + order[:start][::-1] if int(query_image[row]) not in used)
        row = next(rest, None)
        if row is not None:
            chosen.append(row)
    return sorted(chosen, key=lambda row: (ranks[row], keys[row]))


def image_queries(embeddings: Embeddings, ranks: np.ndarray, count: int, best: int) -> list[Found]:
    """Images and the captions found for them; ranks (N,)."""
    chosen = choose(ranks, embeddings.imgid, embeddings.imgid, count)
    return [Found(row, float(ranks[row]), _best(embeddings, best, image=row)) for row in chosen]


def caption_queries(
    embeddings: Embeddings, ranks: np.ndarray, count: int, best: int, allowed: np.ndarray | None
) -> list[Found]:
    """Captions and the images found for them; ranks (M,); only the sentence ids in `allowed`, if given."""
    if allowed is not None:
        ranks = np.where(np.isin(embeddings.sentid, allowed), ranks, np.nan)
    chosen = choose(ranks, embeddings.sentid, embeddings.caption_image, count)
    return [Found(row, float(ranks[row]), _best(embeddings, best, caption=row)) for row in chosen]


def _best(
    embeddings: Embeddings, count: int, image: int | None = None, caption: int | None = None
) -> list[int]:
    """Rows of the best candidates of one image or of one caption; equal scores in the file's order."""
    scores, similarity = 0.0, get_similarity(embeddings.similarity)
    spaces = zip(embeddings.images, embeddings.texts, embeddings.weights, strict=True)
    for images, texts, weight in spaces:
        images = images if image is None else images[image : image + 1]
        texts = texts if caption is None else texts[caption : caption + 1]
        if similarity.order:
            above = images - texts if similarity.reverse else texts - images
            violation = (np.maximum(0, above) ** 2).sum(axis=1)
            scores = scores - weight * (np.sqrt(violation) if similarity.root else violation)
        else:
            scores = scores + weight * (images * texts).sum(axis=1)
    return np.argsort(-scores, kind="stable")[:count].tolist()


def read_sentences(path: str | Path, sentid: np.ndarray) -> list[str]:
    """Captions of the sentence ids (M,), from `captions.json`, in their order, as they were written.

    Raises:
        GxnError: an id is missing, or the file is damaged.
    """
    text = read_texts(path)
    rows_of(sentid, np.array(list(text)), path, "sentid")
    return [text[each] for each in sentid.tolist()]


def read_pictures(
    images: str | Path | None, captions: str | Path, imgid: np.ndarray
) -> list[np.ndarray | str]:
    """Pictures of the images `imgid` in their own aspect, uint8 (H, W, 3), their longer side at most SIDE pixels.

    Args:
        images: folder of photographs, or `images.h5`; None: there are none, and the images' names stand for them.
        captions: `captions.json`.
        imgid: int64 (N,).

    Raises:
        GxnError: an image is missing or cannot be read.
    """
    records = {record.imgid: record for record in read_captions(captions)}
    rows_of(imgid, np.array(list(records)), captions)
    asked = [records[each] for each in imgid.tolist()]
    if images is None:
        return [record.filename for record in asked]
    source = open_images(images)
    return [reduced(source.read(record)) for record in asked]


def reduced(pixels: np.ndarray) -> np.ndarray:
    """The picture with its longer side at most SIDE pixels: what a page can show."""
    height, width = pixels.shape[:2]
    longer = max(height, width)
    if longer <= SIDE:
        return pixels
    size = (max(1, round(width * SIDE / longer)), max(1, round(height * SIDE / longer)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def read_spoken(path: str | Path | None, imgid: np.ndarray) -> list[str] | None:
    """The imagined caption of each image as a sentence; None when the run imagines none.

    Raises:
        GxnError: an image has none although others have.
    """
    content = read_json(path) if path else {}
    captions = content.get("captions") if isinstance(content, dict) else content
    if not captions:
        return None
    if not isinstance(captions, dict):
        raise GxnError(f"{path}: its captions are not a mapping of image ids; run the step imagine again")
    missing = [each for each in imgid.tolist() if str(each) not in captions]
    if missing:
        raise GxnError(f"{path}: has no imagined caption for image {missing[0]}")
    return [readable(str(captions[str(each)]).split()) for each in imgid.tolist()]


def has_collapsed(path: str | Path | None, network: str) -> bool:
    """Say whether a file of the step imagine has a warning of the `decoder`, or of the `generator`."""
    content = read_json(path) if path else {}
    warnings = content.get("warnings", []) if isinstance(content, dict) else []
    return any(network in str(each) for each in warnings)


def read_drawn(path: str | Path | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Imagined images uint8 (Q, S, S, 3) and their sentence ids (Q,); None when the run imagines none."""
    if path is None:
        return None
    with open_hdf5(path) as file:
        if "images" not in file and "sentid" not in file:
            return None
        images, sentid = hdf5_dataset(file, "images", "u", 4)[:], hdf5_dataset(file, "sentid", "iu", 1)[:]
    if len(images) != len(sentid):
        raise GxnError(f"{path}: {len(images)} images, {len(sentid)} sentid; run the step imagine again")
    rows_of(sentid, sentid, path, "sentid")
    return _upright(images, path), sentid


def _upright(images: np.ndarray, path: str | Path) -> np.ndarray:
    if images.shape[1] != 3:
        raise GxnError(f"{path}: images are {images.shape}, not (N, 3, S, S); make it again")
    return images.transpose(0, 2, 3, 1)
