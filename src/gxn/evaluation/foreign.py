"""Embeddings that another program made (CLIP, SigLIP, another project), from HDF5 or .npz.

One space: arrays `image` (N, D) and `caption` (M, D) of floats, `imgid` (N,) and `sentid` (M,) of integers, and
the text `similarity`, one of `gxn.similarities.SIMILARITIES`. Several spaces: `image/NAME`, `caption/NAME` and
the number `weight/NAME` of each. In HDF5, `similarity` may also be an attribute of the file.
"""

from pathlib import Path
from typing import Any

import numpy as np

from gxn.errors import GxnError
from gxn.evaluation.embeddings import Embeddings
from gxn.files import rows_of, sha256
from gxn.others_hdf5 import all_datasets, open_others
from gxn.regular import require_regular
from gxn.similarities import get_similarity

ONE = "joint"  # the name of the only space of a file whose arrays name none

Arrays = dict[str, Any]


def read_foreign(
    path: str | Path, split: str, imgid: np.ndarray, sentid: np.ndarray, caption_image: np.ndarray
) -> Embeddings:
    """Embeddings of one split, joined by `imgid` and `sentid`; the file may hold those of other splits too.

    Rows are scaled to length 1 where the similarity is a cosine, and taken as they are for an order.

    Args:
        split: its name.
        imgid, sentid: int64 (N,) and (M,), the images and captions of the split, in its order.
        caption_image: int64 (M,), the row of each caption's image.

    Raises:
        GxnError: an array is missing, of another kind or shape, or not finite; an id is missing or there twice;
            a weight is not above 0; the similarity is unknown.
    """
    arrays = _read(path)
    similarity = _similarity(arrays, path)
    weights = _weights(arrays, path)
    images = _side(arrays, "image", weights, "imgid", imgid, path)
    texts = _side(arrays, "caption", weights, "sentid", sentid, path)
    for space, image, text in zip(weights, images, texts, strict=True):
        if image.shape[1] != text.shape[1]:
            raise GxnError(
                f"{path}: images have {image.shape[1]} dimensions and captions {text.shape[1]} in space {space}; "
                "store embeddings of one joint space"
            )
    if not get_similarity(similarity).order:
        images = [_unit(each, imgid, "image", path) for each in images]
        texts = [_unit(each, sentid, "caption", path) for each in texts]
    return Embeddings(
        spaces=list(weights),
        images=images,
        texts=texts,
        weights=list(weights.values()),
        similarity=similarity,
        imgid=imgid,
        caption_image=caption_image,
        sentid=sentid,
        split=split,
        provenance={"embeddings": {"name": Path(path).name, "sha256": sha256(path)}},
    )


def _read(path: str | Path) -> Arrays:
    """All arrays of the file by name, `similarity` as text."""
    arrays: Arrays = {}
    require_regular(path)
    if Path(path).suffix == ".npz":
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds on damaged files
            raise GxnError(
                f"{path}: cannot be read as .npz without pickles: {error}; store it again"
            ) from error
    else:
        with open_others(Path(path)) as file:
            if "similarity" in file.attrs:
                arrays["similarity"] = file.attrs["similarity"]
            arrays |= {name: each[()] for name, each in all_datasets(file, Path(path)).items()}
    return arrays


def _similarity(arrays: Arrays, path: str | Path) -> str:
    value = arrays.get("similarity")
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(value, str):
        raise GxnError(f"{path}: has no text 'similarity'; store one, such as 'cosine'")
    try:
        get_similarity(value)
    except GxnError as error:
        raise GxnError(f"{path}: {error}") from error
    return value


def _weights(arrays: Arrays, path: str | Path) -> dict[str, float]:
    """The weight of each space by name, in the order of names."""
    spaces = {
        side: sorted(name.removeprefix(f"{side}/") for name in arrays if name.startswith(f"{side}/"))
        for side in ("image", "caption", "weight")
    }
    if not any(spaces.values()):
        return {ONE: 1.0}
    if not spaces["image"] == spaces["caption"] == spaces["weight"]:
        found = ", ".join(f"{side}/: {', '.join(names) or 'none'}" for side, names in spaces.items())
        raise GxnError(
            f"{path}: the names of its spaces differ ({found}); store image/, caption/ and weight/ of each"
        )
    weights = {}
    for space in spaces["weight"]:
        value = np.asarray(arrays[f"weight/{space}"])
        if value.size != 1 or value.dtype.kind not in "iuf" or not 0 < value.item() < np.inf:
            raise GxnError(f"{path}: weight/{space} must be a number above 0, not {value}")
        weights[space] = float(value.item())
    return weights


def _side(
    arrays: Arrays, side: str, spaces: dict[str, float], ids: str, wanted: np.ndarray, path: str | Path
) -> list[np.ndarray]:
    """Embeddings float32 (N, D) of the wanted ids in each space, finite."""
    present = arrays.get(ids)
    if not isinstance(present, np.ndarray) or present.ndim != 1 or present.dtype.kind not in "iu":
        raise GxnError(f"{path}: has no integers {ids!r} in one dimension; store the id of each {side}")
    rows = rows_of(wanted, present.astype(np.int64), path, ids)
    found = []
    for space in spaces:
        name = f"{side}/{space}" if f"{side}/{space}" in arrays else side
        value = arrays.get(name)
        if (
            not isinstance(value, np.ndarray)
            or value.ndim != 2
            or value.dtype.kind != "f"
            or not value.shape[1]
        ):
            raise GxnError(f"{path}: has no floats {name!r} in two dimensions; store a row for each {side}")
        if len(value) != len(present):
            raise GxnError(f"{path}: {name} has {len(value)} rows, but there are {len(present)} {ids}")
        with np.errstate(over="ignore"):
            kept = value[rows].astype(np.float32)
        unsound = ~np.isfinite(kept).all(1)
        if unsound.any():
            raise GxnError(
                f"{path}: {name} of {ids} {wanted[unsound][0]} contains NaN or a number too large for float32"
            )
        found.append(kept)
    return found


def _unit(rows: np.ndarray, ids: np.ndarray, side: str, path: str | Path) -> np.ndarray:
    """Rows of length 1, float32."""
    length = np.sqrt(np.square(rows, dtype=np.float64).sum(1, keepdims=True))
    if not length.all():
        raise GxnError(
            f"{path}: the {side} with id {ids[length[:, 0] == 0][0]} is all zeros, which has no cosine"
        )
    return (rows / length).astype(np.float32)
