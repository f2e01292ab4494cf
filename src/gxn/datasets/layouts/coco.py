"""COCO's own files, `captions_train2014.json` and the like: `images`, and `annotations` that name them by id."""

from pathlib import Path
from typing import Any

from gxn.datasets.layouts._rows import Problems, Row, first_of, outline, whole_number
from gxn.errors import GxnError
from gxn.regular import parse_json, read_text

NAME = "COCO's captions (JSON)"
EXAMPLE = """{"images": [{"id": 9, "file_name": "1.jpg"}],
  "annotations": [{"id": 0, "image_id": 9, "caption": "A dog runs."},
    {"id": 1, "image_id": 9, "caption": "A brown dog."}]}"""


def recognise(path: Path, head: bytes) -> bool:
    """Say whether the file is an object with `annotations`, or with `images` that have a `file_name`."""
    value = outline(head)
    if not isinstance(value, dict):
        return False
    image, annotation = first_of(value.get("images")), first_of(value.get("annotations"))
    if isinstance(annotation, dict):
        return "image_id" in annotation
    return isinstance(image, dict) and "file_name" in image


def read(path: Path) -> list[Row]:
    """Read the captions, in the order of `images`; images without captions give no row.

    Raises:
        GxnError: the file is not JSON, a key is given twice, an entry is wrong, or it has other annotations.
    """
    value = parse_json(read_text(path), str(path))
    images, annotations = (_list(value, key, path) for key in ("images", "annotations"))
    problems, names = Problems(str(path)), {}
    for number, image in enumerate(images):
        place = f"images[{number}]"
        id = _id(image, "id", place, problems)
        name = problems.text(place, "file_name", image.get("file_name")) if id is not None else None
        if id in names:
            problems.add(place, f"id: {id} is given to two images")
        elif id is not None and name:
            names[id] = name
    problems.refuse()
    rows: dict[int, list[Row]] = {id: [] for id in names}
    for number, annotation in enumerate(annotations):
        place = f"annotations[{number}]"
        imgid, id = (_id(annotation, key, place, problems) for key in ("image_id", "id"))
        if imgid is None or id is None:
            continue
        if "caption" not in annotation:
            raise GxnError(
                f"{path}: {place}: has no 'caption'; give captions_*.json, not instances_* or person_keypoints_*"
            )
        if imgid not in rows:
            problems.add(place, f"image_id: {imgid} is not the id of an image")
        elif text := problems.text(place, "caption", annotation["caption"]):
            rows[imgid].append(Row(names[imgid], text, imgid=imgid, sentid=id))
    problems.refuse()
    return [row for of_image in rows.values() for row in of_image]


def _list(value: Any, key: str, path: Path) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, list) or not found:
        raise GxnError(f"{path}: {key}: must be a list that is not empty, as in\n{EXAMPLE}")
    return found


def _id(entry: Any, key: str, place: str, problems: Problems) -> int | None:
    """The id `key` of an entry; where it has none, a fault is noted and None is returned."""
    value = whole_number(entry.get(key)) if isinstance(entry, dict) else None
    if value is None:
        what = repr(entry.get(key)) if isinstance(entry, dict) else "missing"
        problems.add(place, f"{key}: must be a whole number from 0, not {what}")
    return value
