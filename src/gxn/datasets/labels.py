"""Labels of images: the file `labels.h5`, and where labels come from.

Facts of scenes and the categories of COCO's objects are real; clusters of captions (`gxn.datasets.clusters`) are
pseudo-labels, good enough to train on, but no ground truth to measure by.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np

from gxn.errors import GxnError
from gxn.files import read_json, rows_of
from gxn.hdf5 import create_hdf5, hdf5_dataset, hdf5_metadata, open_hdf5

Source = Literal["facts", "categories", "clusters"]
PSEUDO = ("clusters",)  # sources that are not ground truth


@dataclass(frozen=True)
class Labels:
    """Labels of N images; an image may have several, or none.

    Attributes:
        multi_hot: uint8 (N, L), 1 where an image has a label.
        names: of the L labels.
        source: where they come from.
    """

    multi_hot: np.ndarray
    names: tuple[str, ...]
    source: Source

    @property
    def pseudo(self) -> bool:
        """Say whether they were made from the captions, so that no precision may be taken over them."""
        return self.source in PSEUDO


def multi_hot(names_of: Sequence[Iterable[str]], names: Sequence[str]) -> np.ndarray:
    """uint8 (N, L): 1 where an image's labels, by name, hold name l."""
    column = {name: place for place, name in enumerate(names)}
    found = np.zeros((len(names_of), len(names)), np.uint8)
    for row, own in enumerate(names_of):
        found[row, [column[name] for name in own]] = 1
    return found


def scene_labels(images: Sequence[Mapping[str, Any]], path: str | Path) -> Labels:
    """The colour and shape of every thing in a scene, such as `red star`: 81 labels, 2.7 to an image on average.

    Colour and shape together, as two scenes share such a pair in 9 % of all cases; they share a shape in 62 %.

    Args:
        images: entries of the rendered data's captions file, with the key `scene`.
        path: of that file, for the message.

    Raises:
        GxnError: an entry has no scene.
    """
    try:
        pairs = [
            {f"{thing['colour']} {thing['shape']}" for thing in image["scene"]["things"]} for image in images
        ]
    except (KeyError, TypeError) as error:
        raise GxnError(
            f"{path}: an image has no facts of a scene ({error}); labels: facts needs scenes"
        ) from error
    names = tuple(sorted(set().union(*pairs)))
    return Labels(multi_hot(pairs, names), names, "facts")


def category_labels(instances: Sequence[Path], filenames: Sequence[str]) -> Labels:
    """Labels by the COCO categories that have an object in an image; images without any object have no label.

    Args:
        instances: COCO's `instances_*.json`; all must name the same categories.
        filenames: of the images, such as `val2014/COCO_val2014_000000391895.jpg`, whose number is COCO's id.

    Raises:
        GxnError: a file is not COCO's, the categories differ, or a filename's number is in no file.
    """
    categories: dict[int, str] | None = None
    found: dict[int, set[str]] = {}
    for path in instances:
        content = read_json(path)
        try:
            named = {each["id"]: str(each["name"]) for each in content["categories"]}
            known = {each: named[each] for each in sorted(named)}  # ids of one kind
            found |= {image["id"]: set() for image in content["images"]}
            for each in content["annotations"]:
                found[each["image_id"]].add(known[each["category_id"]])
        except (KeyError, TypeError) as error:
            raise GxnError(
                f"{path}: is not a file of COCO's instances ({type(error).__name__}: {error})"
            ) from error
        if categories not in (None, known):
            raise GxnError(f"{path}: its categories are not those of {instances[0]}")
        categories = known
    names = tuple((categories or {}).values())
    own = [found.get(coco_id(filename)) for filename in filenames]
    for filename, labels in zip(filenames, own, strict=True):
        if labels is None:
            raise GxnError(f"{filename}: is not in {' or '.join(map(str, instances))}")
    return Labels(multi_hot(own, names), names, "categories")


def coco_id(filename: str) -> int:
    """The number at the end of a filename of COCO.

    Raises:
        GxnError: there is none.
    """
    number = re.search(r"(\d+)$", PurePosixPath(filename).stem)
    if number is None:
        raise GxnError(f"{filename}: has no number at its end, so that COCO's categories cannot be found")
    return int(number[1])


def write_labels(path: str | Path, imgid: np.ndarray, labels: Labels) -> None:
    """Write `labels.h5`: `imgid` int64 (N,), `labels` uint8 (N, L), the labels' names, and their source."""
    about = {"source": labels.source, "pseudo": labels.pseudo}
    with create_hdf5(path, about) as file:
        file["imgid"] = imgid
        file["labels"] = labels.multi_hot
        file["names"] = np.frombuffer(json.dumps(labels.names).encode(), np.uint8)


def read_labels(path: str | Path, imgids: np.ndarray) -> Labels:
    """Labels of the images `imgids` int64 (N,), in that order.

    Raises:
        GxnError: the file is missing or damaged, or an image is not in it.
    """
    with open_hdf5(path) as file:
        stored = hdf5_dataset(file, "labels", "u", 2)[:]
        present = hdf5_dataset(file, "imgid", "iu", 1)[:]
        text = hdf5_dataset(file, "names", "u", 1)[:].tobytes()
        source = hdf5_metadata(file).get("source")
    try:
        names = tuple(json.loads(text))
    except (ValueError, TypeError) as error:
        raise GxnError(f"{path}: names: {error}; delete it and run again") from error
    if stored.shape != (len(present), len(names)) or source not in ("facts", "categories", "clusters"):
        raise GxnError(
            f"{path}: labels {stored.shape} do not fit {len(present)} images and {len(names)} names"
        )
    if stored.max(initial=0) > 1:
        raise GxnError(f"{path}: labels must be 0 or 1; delete it and run again")
    return Labels(stored[rows_of(np.asarray(imgids), present, path)], names, source)
