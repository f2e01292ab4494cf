"""The embeddings of a split, as the step `embed` writes them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from gxn.errors import GxnError
from gxn.hdf5 import create_hdf5, hdf5_dataset, hdf5_metadata, open_hdf5
from gxn.similarities import check_weights, get_similarity


@dataclass(frozen=True)
class Embeddings:
    """Images and captions of one split in the spaces of one model.

    `images` and `texts` hold one matrix per space, (N, D_k) and (M, D_k) float32, in the same order as
    `spaces` and `weights`; `caption_image` (M,) says in which row its caption's image stands.
    """

    spaces: list[str]
    images: list[np.ndarray]
    texts: list[np.ndarray]
    weights: list[float]
    similarity: str
    imgid: np.ndarray  # (N,) int64, unique
    caption_image: np.ndarray  # (M,) int64
    sentid: np.ndarray  # (M,) int64
    split: str
    provenance: dict[str, Any]

    def of_images(self, rows: np.ndarray) -> "Embeddings":
        """Only the images in `rows`, in that order, and their captions, in their order."""
        place = np.full(len(self.imgid), -1, np.int64)
        place[rows] = np.arange(len(rows))
        captions = np.flatnonzero(place[self.caption_image] >= 0)
        return replace(
            self,
            images=[space[rows] for space in self.images],
            texts=[space[captions] for space in self.texts],
            imgid=self.imgid[rows],
            caption_image=place[self.caption_image[captions]],
            sentid=self.sentid[captions],
        )

    def alone(self, space: str) -> "Embeddings":
        """Only that space."""
        place = self.spaces.index(space)
        return replace(
            self, spaces=[space], images=[self.images[place]], texts=[self.texts[place]], weights=[1.0]
        )


def write_embeddings(path: str | Path, embeddings: Embeddings, made: Mapping[str, Any] | None = None) -> None:
    """Write an embeddings file, with the provenance `made`, or that of the embeddings."""
    about = {
        "similarity": embeddings.similarity,
        "weights": dict(zip(embeddings.spaces, embeddings.weights, strict=True)),
        "split": embeddings.split,
        "provenance": dict(made or embeddings.provenance),
    }
    with create_hdf5(path, about) as file:
        for space, image, text in zip(embeddings.spaces, embeddings.images, embeddings.texts, strict=True):
            file[f"image/{space}"] = image
            file[f"text/{space}"] = text
        file["imgid"] = embeddings.imgid
        file["sentid"] = embeddings.sentid
        file["caption_image"] = embeddings.caption_image


def read_embeddings(path: str | Path) -> Embeddings:
    """Read and check an embeddings file.

    Raises:
        GxnError: something is missing, the similarity is none that is known, shapes do not agree, a caption has no
            image or an image no caption.
    """
    try:
        with open_hdf5(path) as file:
            embeddings = _read(file, path)
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise GxnError(f"{path}: is not a file of embeddings: {error}. Make it again") from error
    _check(embeddings, path)
    return embeddings


def _read(file: h5py.File, path: str | Path) -> Embeddings:
    metadata = hdf5_metadata(file)
    missing = {"similarity", "weights", "split", "provenance"} - metadata.keys()
    if missing:
        raise GxnError(f"{path}: its metadata has no {min(missing)!r}. Make the embeddings again")
    spaces = sorted(metadata["weights"])
    if not spaces or spaces != sorted(file["image"]) or spaces != sorted(file["text"]):
        raise GxnError(f"{path}: the spaces of image/, of text/ and of the weights {spaces} differ")
    return Embeddings(
        spaces=spaces,
        images=[hdf5_dataset(file, f"image/{space}", "f", 2)[:].astype(np.float32) for space in spaces],
        texts=[hdf5_dataset(file, f"text/{space}", "f", 2)[:].astype(np.float32) for space in spaces],
        weights=[float(metadata["weights"][space]) for space in spaces],
        similarity=metadata["similarity"],
        **{
            name: hdf5_dataset(file, name, "iu", 1)[:].astype(np.int64, casting="safe")
            for name in ("imgid", "caption_image", "sentid")
        },
        split=metadata["split"],
        provenance=dict(metadata["provenance"]),
    )


def _check(embeddings: Embeddings, path: str | Path) -> None:
    try:
        get_similarity(embeddings.similarity)
    except GxnError as error:
        raise GxnError(f"{path}: {error}. Make the embeddings again") from error
    try:
        check_weights(embeddings.weights)
    except GxnError as error:
        raise GxnError(f"{path}: {error}. Make the embeddings again") from error
    images, captions = len(embeddings.imgid), len(embeddings.sentid)
    for image, text in zip(embeddings.images, embeddings.texts, strict=True):
        if image.shape[1] != text.shape[1]:
            raise GxnError(f"{path}: shapes {image.shape} and {text.shape} do not fit one joint space")
        if len(image) != images or len(text) != captions:
            raise GxnError(
                f"{path}: {len(image)} image and {len(text)} text rows, {images} and {captions} ids"
            )
    for space in (*embeddings.images, *embeddings.texts):
        if not np.isfinite(space).all():
            raise GxnError(
                f"{path}: contains a number that is not finite; train the run again, at a lower learning rate"
            )
    rows = embeddings.caption_image
    if rows.shape != (captions,) or not captions or rows.min() < 0 or rows.max() >= images:
        raise GxnError(f"{path}: caption_image does not point into the {images} images")
    for name, ids in (("imgid", embeddings.imgid), ("sentid", embeddings.sentid)):
        if len(np.unique(ids)) != len(ids):
            raise GxnError(f"{path}: {name} occurs twice")
    without = np.flatnonzero(np.bincount(rows, minlength=images) == 0)
    if len(without):
        raise GxnError(f"{path}: image {embeddings.imgid[without[0]]} has no caption")
