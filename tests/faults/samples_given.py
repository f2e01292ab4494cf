"""Good files of the kinds that users bring: captions of each layout, features, embeddings, archives, YAML."""

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from gxn.configuration.files import load
from gxn.datasets import labels, layouts
from gxn.datasets.archives import unpack
from gxn.evaluation.foreign import read_foreign
from gxn.evaluation.reader import Reader, load_reader, save_reader
from gxn.features.ready import match, write_ready
from gxn.features.ready_files import open_ready
from gxn.features.store import read_features
from gxn.features.writer import ResumableFeatureWriter
from gxn.files import write_json

IDS = np.array([7, 3, 11, 5])
NAMES = [f"COCO_{each}.jpg" for each in IDS]
SUFFIXES = {
    "by_name": "json",
    "coco": "json",
    "json_lines": "jsonl",
    "pairs": "json",
    "table": "csv",
    "flickr_tokens": "token",
}


def given(add: Callable, configuration: Path, right_configuration: Callable) -> None:
    """Write the files and say how each is read."""
    for name, suffix in SUFFIXES.items():
        layout = layouts.layouts()[name]
        path = add(name, f"{name}.{suffix}", _rows, "json" if suffix == "json" else "text", right_rows)
        path.write_text(layout.EXAMPLE.replace("\n  ", " "), encoding="utf-8")
    path = add(
        "yaml", "params.yaml", lambda p: load([p]).model_dump(mode="json"), "text", right_configuration
    )
    path.write_text(configuration.read_text(encoding="utf-8"), encoding="utf-8")
    path = add(
        "instances", "instances.json", lambda p: labels.category_labels([p], NAMES), "json", right_labels
    )
    write_json(path, {
        "categories": [{"id": 4, "name": "dog"}, {"id": 9, "name": "cat"}],
        "images": [{"id": int(each)} for each in IDS],
        "annotations": [{"image_id": int(each), "category_id": 4} for each in IDS[:3]],
    })  # fmt: skip
    path = add("labels", "labels.h5", lambda p: labels.read_labels(p, IDS[[2, 0]]), "hdf5")
    labels.write_labels(path, IDS, labels.Labels(np.eye(4, 3, dtype=np.uint8), ("a", "b", "c"), "facts"))
    path = add("reader", "reader.safetensors", lambda p: load_reader(p)[0], "tensors")
    save_reader(path, Reader(), {"accuracy": 1.0})
    path = add("rows", "work/rows.bin", _rows_of_work, "resume", right_work)
    writer = ResumableFeatureWriter(path.parent, "f", 3, np.dtype(np.float32))
    writer.append(ROWS[:2])
    writer.append(ROWS[2:])
    arrays(add)
    path = add("archive", "photographs.zip", _unpacked, "zip", right_archive)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("a/1.jpg", "a/b/2.jpg"):
            file.writestr(name, name.encode() * 50)


ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def arrays(add: Callable) -> None:
    """Ready features in three formats, embeddings in two."""
    random = np.random.default_rng(1)
    features = random.standard_normal((4, 6)).astype(np.float32)
    path = add("ready_npz", "ready.npz", _imported, "npz", right_features)
    np.savez(path, features=features, names=np.array(NAMES), ids=IDS)
    path = add("ready_npy", "ready.npy", _imported, "bytes", right_features)
    np.save(path, features)
    path = add("ready_hdf5", "ready.hdf5", _imported, "bytes", right_features)
    with h5py.File(path, "w") as file:
        file["features"], file["ids"] = features, IDS
    path = add("foreign_npz", "foreign.npz", _embeddings, "npz", right_embeddings)
    np.savez(path, image=features, caption=features, imgid=IDS, sentid=np.arange(4), similarity="cosine")


def _rows(path: Path) -> Any:
    return layouts.read_captions_file(path, None)


def right_rows(path: Path, answer: Any) -> bool:
    """Names and captions are text with something in it, that UTF-8 can hold."""
    return bool(answer.rows) and all(
        row.image.encode() and (row.text.strip().encode() if isinstance(row.text, str) else row.text)
        for row in answer.rows
    )


def right_labels(path: Path, answer: Any) -> bool:
    """Compare with what the file says of each image, read independently."""
    content = json.loads(path.read_text(encoding="utf-8"))
    names = {each["id"]: str(each["name"]) for each in content["categories"]}
    for row, imgid in enumerate(IDS):
        said = {names[a["category_id"]] for a in content["annotations"] if a["image_id"] == imgid}
        if {answer.names[k] for k in np.flatnonzero(answer.multi_hot[row])} != said:
            return False
    return True


def _rows_of_work(path: Path) -> np.ndarray:
    """Rows that a killed extraction goes on from, of a copy, since what is damaged is cut off."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "rows.bin")
        copy.write_bytes(path.read_bytes())
        write_json(copy.with_name("state.json"), "f")
        writer = ResumableFeatureWriter(copy.parent, "f", 3, np.dtype(np.float32))
        done = writer.begin(2, 4)
        found = [*writer.blocks(2)]
    return np.concatenate(found)[:done] if found else np.empty((0, 3), np.float32)


def right_work(path: Path, answer: np.ndarray) -> bool:
    """Only whole batches as they were written."""
    return len(answer) in (0, 2, 4) and answer.tobytes() == ROWS[: len(answer)].tobytes()


def _imported(path: Path) -> np.ndarray:
    if path.suffix == ".npy":
        path.with_suffix(".txt").write_text("\n".join(NAMES), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, open_ready(path) as ready:
        rows = match(ready, NAMES, IDS.tolist())
        if (rows < 0).any():
            rows = rows[rows >= 0]
        write_ready(ready, rows, IDS[: len(rows)], "float32", {}, Path(folder, "x.h5"))
        return read_features(Path(folder, "x.h5"), IDS[: len(rows)])


def right_features(path: Path, answer: Any) -> bool:
    return np.isfinite(answer).all() and len(answer) <= len(IDS)


def _embeddings(path: Path) -> Any:
    return read_foreign(path, "test", IDS, np.arange(4), np.arange(4))


def right_embeddings(path: Path, answer: Any) -> bool:
    """Finite rows of length 1."""
    sides = [*answer.images, *answer.texts]
    return all(np.allclose(np.linalg.norm(each, axis=1), 1, atol=1e-5) and len(each) == 4 for each in sides)


def _unpacked(path: Path) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "deep/out")
        unpack([path], out)
        found = [each for each in Path(folder).rglob("*") if not each.is_dir()]
        return {str(each.relative_to(out)): each.read_bytes() for each in found}


def right_archive(path: Path, answer: dict[str, bytes]) -> bool:
    """Files below the folder, each with bytes that its checksum in the archive is of."""
    import zlib

    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as file:
        sums = {each.filename: each.CRC for each in file.infolist()}
    return all(".." not in name and zlib.crc32(content) == sums[name] for name, content in answer.items())
