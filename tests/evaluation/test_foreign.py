"""Embeddings of other programs: joined by id, and refused with a clear message where they are unsound."""

import zipfile

import h5py
import numpy as np
import pytest

from gxn.errors import GxnError
from gxn.evaluation.foreign import read_foreign
from gxn.evaluation.protocols import evaluate

IMGID, SENTID = np.array([7, 3, 5]), np.array([30, 31, 70, 71, 50, 51])
OWNERS = np.array([1, 1, 0, 0, 2, 2])


def made_up(**changes):
    rng = np.random.default_rng(0)
    arrays = {
        "imgid": np.array([3, 5, 7, 9]),  # 9 is of another split
        "sentid": np.array([90, 71, 70, 51, 50, 31, 30]),
        "image": rng.normal(size=(4, 5)),
        "caption": rng.normal(size=(7, 5)).astype(np.float16),
        "similarity": "cosine",
    }
    return {name: value for name, value in {**arrays, **changes}.items() if value is not None}


def write(tmp_path, kind, arrays):
    path = tmp_path / f"clip.{kind}"
    if kind == "npz":
        np.savez(path, **arrays)
        return path
    with h5py.File(path, "w") as file:
        for name, value in arrays.items():
            if kind == "hdf5" and name == "similarity":
                file.attrs[name] = value
            else:
                file[name] = value
    return path


def read(path):
    return read_foreign(path, "test", IMGID, SENTID, OWNERS)


@pytest.mark.parametrize("kind", ["npz", "h5", "hdf5"])
def test_rows_are_joined_by_id_and_have_length_1(tmp_path, kind):
    arrays = made_up()
    found = read(write(tmp_path, kind, arrays))
    image, caption = arrays["image"][[2, 0, 1]], arrays["caption"][[6, 5, 2, 1, 4, 3]].astype(np.float64)
    for embedded, rows in ((found.images[0], image), (found.texts[0], caption)):
        assert embedded.dtype == np.float32
        assert embedded == pytest.approx(rows / np.linalg.norm(rows, axis=1, keepdims=True), abs=1e-6)
    assert (found.spaces, found.weights, found.similarity, found.split) == (
        ["joint"],
        [1.0],
        "cosine",
        "test",
    )
    assert found.imgid is IMGID and found.caption_image is OWNERS
    assert found.provenance["embeddings"]["name"] == f"clip.{kind}"


@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_several_spaces_and_orders_stay_as_they_are(tmp_path, kind):
    one, two = made_up(), made_up()
    arrays = made_up(image=None, caption=None, similarity="order")
    for name, each, weight in (("b", one, 0.25), ("a", two, 2)):
        arrays |= {
            f"image/{name}": each["image"],
            f"caption/{name}": each["caption"],
            f"weight/{name}": weight,
        }
    found = read(write(tmp_path, kind, arrays))
    assert found.spaces == ["a", "b"] and found.weights == [2.0, 0.25]
    assert np.array_equal(found.images[1], one["image"][[2, 0, 1]].astype(np.float32))


def test_perfect_embeddings_are_ranked_first(tmp_path):
    image = np.eye(3)
    arrays = {
        "imgid": IMGID,
        "sentid": SENTID,
        "image": image * 9,
        "caption": image[OWNERS],
        "similarity": "cosine",
    }
    assert evaluate(read(write(tmp_path, "npz", arrays)), "full", floor=True).numbers["rsum"] == 600.0


def holed(value):
    rows = np.ones((4, 5))
    rows[2, 1] = value  # of image 7
    return rows


@pytest.mark.parametrize("kind", ["npz", "h5"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": holed(np.nan)}, "image of imgid 7 contains NaN"),
        ({"image": holed(1e300)}, "image of imgid 7 contains NaN or a number too large"),
        ({"image": np.zeros((4, 5))}, "the image with id 7 is all zeros"),
        ({"image": np.ones((3, 5))}, "image has 3 rows, but there are 4 imgid"),
        ({"image": np.ones((4, 6))}, "6 dimensions and captions 5 in space joint"),
        ({"image": np.ones((4, 5), int)}, "has no floats 'image' in two dimensions"),
        ({"image": None}, "has no floats 'image' in two dimensions"),
        ({"imgid": None}, "has no integers 'imgid'"),
        ({"imgid": np.array([3, 5, 7, 3])}, "imgid 3 occurs twice"),
        ({"sentid": np.array([90, 71, 70, 51, 50, 31, 31])}, "sentid 31 occurs twice"),
        ({"imgid": np.array([3, 5, 8, 9])}, r"imgid 7 is missing \(1 of 3\)"),
        ({"similarity": None}, "has no text 'similarity'"),
        ({"similarity": "dot"}, "must be one of cosine"),
        ({"weight/a": 1.0}, "the names of its spaces differ"),
        (
            {"image/a": np.ones((4, 5)), "caption/a": np.ones((7, 5)), "weight/a": 0.0},
            "weight/a must be a number above 0",
        ),
        (
            {"image/a": np.ones((4, 5)), "caption/a": np.ones((7, 5)), "weight/a": -1},
            "weight/a must be a number above 0",
        ),
        (
            {"image/a": np.ones((4, 5)), "caption/a": np.ones((7, 5)), "weight/a": np.nan},
            "weight/a must be a number",
        ),
    ],
)
def test_unsound_files_are_refused(tmp_path, kind, changes, message):
    if "image/a" in changes or "weight/a" in changes:
        changes = {"image": None, "caption": None} | changes
    with pytest.raises(GxnError, match=message):
        read(write(tmp_path, kind, made_up(**changes)))


def test_pickles_and_damaged_files_are_refused(tmp_path):
    path = write(tmp_path, "npz", made_up(image=np.array([[None]])))
    with pytest.raises(GxnError, match="without pickles"):
        read(path)
    for name in ("bad.npz", "bad.h5"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 nothing")
        with pytest.raises(GxnError, match="cannot be read as"):
            read(tmp_path / name)
    with zipfile.ZipFile(write(tmp_path, "npz", made_up(image=None)), "a") as file:
        shape = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 6), }"
        file.writestr("image.npy", b"\x93NUMPY\x01\x00v\x00" + shape.ljust(117) + b"\n")
    with pytest.raises(GxnError, match=r"clip\.npz: cannot be read as"):
        read(tmp_path / "clip.npz")
    with pytest.raises(GxnError, match="No such file"):
        read(tmp_path / "absent.npz")
