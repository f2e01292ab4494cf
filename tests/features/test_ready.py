"""Features computed elsewhere come in by name or id, of any width, and are refused where they are damaged."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from gxn.errors import GxnError
from gxn.features.precomp import is_precomp, read_precomp
from gxn.features.ready import match, write_ready
from gxn.features.ready_files import open_ready
from gxn.features.store import read_features

NAMES = ["train/b.jpg", "train/a.jpg", "c.png"]
TABLE = np.random.default_rng(0).standard_normal((3, 7)).astype(np.float32)


def hdf5(path: Path, **arrays) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
    return path


def npz(path: Path, **arrays) -> Path:
    np.savez(path, **arrays)
    return path


def npy(path: Path, table: np.ndarray, names: str | None = None) -> Path:
    np.save(path, table)
    if names is not None:
        path.with_suffix(".txt").write_text(names)
    return path


def make(kind: str, folder: Path) -> Path:
    """A file of TABLE by NAMES, in each of the ways that are read."""
    regions = np.stack([TABLE - 1, TABLE, TABLE + 1], axis=1)
    rows = dict(zip(NAMES, TABLE, strict=True))
    return {
        "HDF5": lambda: hdf5(folder / "x.h5", features=TABLE, names=NAMES),
        "HDF5 by another name": lambda: hdf5(folder / "x.hdf5", **{"c/vit": TABLE, "c/of": np.bytes_(NAMES)}),
        "HDF5 with boxes": lambda: hdf5(folder / "x.h5", features=regions, boxes=regions[..., :4], names=NAMES),
        "HDF5, one vector an image": lambda: hdf5(folder / "x.h5", **rows),
        "HDF5, compressed": lambda: compressed(folder / "x.h5"),
        "npz": lambda: npz(folder / "x.npz", embeddings=TABLE.astype(np.float64), filenames=NAMES),
        "npz, one vector an image": lambda: npz(folder / "x.npz", **rows),
        "npz, regions of an image": lambda: npz(folder / "x.npz", **dict(zip(NAMES, regions, strict=True))),
        "npy": lambda: npy(folder / "x.npy", TABLE, "train/b.jpg\r\ntrain/a.jpg\r\nc.png\r\n"),
        "npy of regions": lambda: npy(folder / "x.npy", regions, "\n".join(NAMES)),
        "without folders": lambda: npz(folder / "x.npz", features=TABLE, names=["b.jpg", "a.jpg", "c.png"]),
        "other folders": lambda: npz(folder / "x.npz", features=TABLE, names=["/d/b.jpg", "/d/a.jpg", "/c.png"]),
        "without suffixes": lambda: npz(folder / "x.npz", features=TABLE, names=["b", "a", "c"]),
        "ids": lambda: npz(folder / "x.npz", features=TABLE, ids=[21, 11, 31]),
        "ids as names": lambda: npz(folder / "x.npz", features=TABLE, names=["21", "0011", "31"]),
        "further rows": lambda: npz(
            folder / "x.npz", features=np.concatenate([TABLE, TABLE]), names=[*NAMES, "d.jpg", "e.jpg", "f.jpg"]
        ),
    }[kind]()  # fmt: skip


def compressed(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("features", data=TABLE, compression="gzip")
        file.create_dataset("image_ids", data=[21, 11, 31])
    return path


KINDS = [
    *("HDF5", "HDF5 by another name", "HDF5 with boxes", "HDF5, one vector an image", "HDF5, compressed"),
    *("npz", "npz, one vector an image", "npz, regions of an image", "npy", "npy of regions"),
    *("without folders", "other folders", "without suffixes", "ids", "ids as names", "further rows"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_features_are_joined_by_name_or_id_and_written_as_the_project_has_them(kind, tmp_path):
    wanted, imgids = ["train/a.jpg", "c.png", "train/b.jpg"], np.array([11, 31, 21])
    with open_ready(make(kind, tmp_path)) as ready:
        assert ready.width == 7
        rows = match(ready, wanted, imgids.tolist())
        assert write_ready(ready, rows, imgids, "float32", {"features": "ready"}, tmp_path / "out.h5") == 0
    made = read_features(tmp_path / "out.h5", np.array([21, 11, 31]))
    np.testing.assert_allclose(made, TABLE, rtol=1e-6, atol=1e-6)


def test_ids_that_were_made_up_here_do_not_join(tmp_path):
    with open_ready(make("ids", tmp_path)) as ready:
        assert match(ready, ["a.jpg", "b.jpg"], None).tolist() == [-1, -1]
        assert match(ready, ["a.jpg", "b.jpg"], [11, 12]).tolist() == [1, -1]


def test_an_image_with_several_rows_is_refused(tmp_path):
    names = ["x/a.jpg", "y/a.jpg", "c.png"]
    with open_ready(npz(tmp_path / "x.npz", features=TABLE, names=names)) as ready:
        assert match(ready, ["y/a.jpg", "x/a.jpg"], None).tolist() == [1, 0]
    with open_ready(npz(tmp_path / "x.npz", features=TABLE, names=["c.png", "c.png", "a.jpg"])) as ready:
        assert match(ready, ["a.jpg"], None).tolist() == [2]
        with pytest.raises(GxnError, match=r"the image 'c.png' has several rows"):
            match(ready, ["c.png", "a.jpg"], None)


@pytest.mark.parametrize(
    ("value", "dtype", "refused"),
    [
        (np.nan, "float32", True),
        (-np.inf, "float32", True),
        (1e5, "float32", False),
        (1e5, "float16", True),
        (1e300, "float32", True),
    ],
)
def test_what_is_not_finite_is_refused(value, dtype, refused, tmp_path):
    table = TABLE.astype(np.float64)
    table[1, 3] = value
    with open_ready(npz(tmp_path / "x.npz", features=table, names=NAMES)) as ready:
        arguments = (ready, np.arange(3), np.array([5, 6, 7]), dtype, {}, tmp_path / "out.h5")
        if not refused:
            write_ready(*arguments)
            return
        with pytest.raises(GxnError, match=rf"features of image 6 are not finite numbers in {dtype}"):
            write_ready(*arguments)
    assert not (tmp_path / "out.h5").exists()


def test_zero_rows_are_counted_and_blocks_do_not_matter(tmp_path, monkeypatch):
    table = np.random.default_rng(1).standard_normal((50, 3)).astype(np.float32)
    table[[4, 40]] = 0
    names = [f"{at}.jpg" for at in range(50)]
    order = np.random.default_rng(2).permutation(50)
    for block in (1024, 7):
        monkeypatch.setattr("gxn.features.ready.BLOCK", block)
        with open_ready(hdf5(tmp_path / "x.h5", features=table, names=names)) as ready:
            assert write_ready(ready, order, order + 100, "float32", {}, tmp_path / "out.h5") == 2
        np.testing.assert_array_equal(read_features(tmp_path / "out.h5", np.arange(50) + 100), table)


def faulty(kind: str, folder: Path) -> Path:
    path = folder / "x.h5"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "an external link":
        hdf5(folder / "other.h5", features=TABLE)
        with h5py.File(path, "w") as file:
            file["features"] = h5py.ExternalLink("other.h5", "features")
    elif kind == "raw storage":
        TABLE.tofile(folder / "raw.bin")
        with h5py.File(path, "w") as file:
            file.create_dataset("features", (3, 7), "f4", external=[(folder / "raw.bin", 0, TABLE.nbytes)])
    elif kind == "terabytes declared":
        with h5py.File(path, "w") as file:
            file.create_dataset("features", (10_000_000, 100_000), "f4", chunks=(1, 100_000))
            file["names"] = NAMES
    elif kind == "text":
        path.write_text("features")
    elif kind == "a cut npy":
        path = npy(folder / "x.npy", TABLE, "a\nb\nc")
        path.write_bytes(path.read_bytes()[:-5])
    elif kind == "pickled names":
        path = npz(folder / "x.npz", features=TABLE, names=np.array(NAMES, dtype=object))
    else:
        path = {
            "no names": lambda: npy(folder / "x.npy", TABLE),
            "too few names": lambda: npy(folder / "x.npy", TABLE, "a\nb\n"),
            "two tables": lambda: npz(folder / "x.npz", a=TABLE, b=TABLE, names=NAMES),
            "different widths": lambda: npz(folder / "x.npz", a=TABLE[0], b=TABLE[0, :5]),
            "no numbers": lambda: npz(folder / "x.npz", features=np.array([["a", "b"]]), names=["x"]),
        }[kind]()
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("a pipe", "is a pipe, a socket or a device"),
        ("an external link", "features: is a link; copy the data into the file"),
        ("raw storage", "is stored in other files"),
        ("terabytes declared", "was not written whole"),
        ("text", "must be HDF5, .npz or .npy"),
        ("a cut npy", "cannot be read"),
        ("pickled names", "cannot be read: ValueError: Object arrays cannot be loaded"),
        ("no names", "has neither names nor ids of its 3 images; write x.txt beside it"),
        ("too few names", "has 2 names, but x.npy has 3 rows"),
        ("two tables", "must hold one table of numbers"),
        ("different widths", "has arrays of different widths, 5 to 7"),
        ("no numbers", "it has none"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(kind, message, tmp_path):
    path = faulty(kind, tmp_path)
    with pytest.raises(GxnError, match=message) as caught, open_ready(path):
        pass
    assert str(caught.value).startswith(str(tmp_path))


def precomp(folder: Path, repeat: int, regions: bool = False) -> dict[str, np.ndarray]:
    """A folder with four training images and two each for dev and test, of five captions; returns the features."""
    tables = {}
    for split, count in (("train", 4), ("dev", 2), ("test", 2)):
        table = np.random.default_rng(count).standard_normal((count, 6)).astype(np.float32)
        stored = np.repeat(table, repeat, axis=0)
        stored = np.stack([stored - 1, stored + 1], axis=1) if regions else stored
        np.save(folder / f"{split}_ims.npy", stored)
        text = "".join(f"The {split} image {at}, {k}\n" for at in range(count) for k in range(5))
        (folder / f"{split}_caps.txt").write_text(text)
        tables[split] = table
    np.save(folder / "testall_ims.npy", np.zeros((3, 1)))
    return tables


@pytest.mark.parametrize(("repeat", "regions"), [(1, False), (5, False), (1, True), (5, True)])
def test_precomp_folders_have_a_row_an_image_or_a_caption(repeat, regions, tmp_path):
    tables = precomp(tmp_path, repeat, regions)
    assert is_precomp(tmp_path) and not is_precomp(tmp_path.parent)
    captions, ready = read_precomp(tmp_path)
    assert len(captions) == 40
    for row in captions:
        split, number = row.image.split("_")
        assert row.split == split and row.text.startswith(f"The {split} image {number},")
    images = list(dict.fromkeys(row.image for row in captions))
    rows = match(ready, images, None)
    write_ready(ready, rows, np.arange(8), "float32", {}, tmp_path / "out.h5")
    wanted = np.concatenate([tables[split] for split in ("dev", "test", "train")])
    np.testing.assert_allclose(read_features(tmp_path / "out.h5", np.arange(8)), wanted, rtol=1e-5, atol=1e-6)


def test_one_caption_an_image_is_read_too(tmp_path):
    np.save(tmp_path / "train_ims.npy", TABLE)
    (tmp_path / "train_caps.txt").write_text("One\nTwo\nThree")
    captions, ready = read_precomp(tmp_path)
    assert [(row.image, row.text) for row in captions] == [
        ("train_0", "One"),
        ("train_1", "Two"),
        ("train_2", "Three"),
    ]
    np.testing.assert_array_equal(ready.read(np.array([0, 2])), TABLE[[0, 2]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "dev_caps.txt").write_text("one\ntwo\nthree\n"), "2 rows for 3 captions"),
        (
            lambda folder: (folder / "dev_caps.txt").write_text("one\n\nthree\nfour\n"),
            "line 2: caption: is empty",
        ),
        (lambda folder: (folder / "dev_caps.txt").unlink(), "dev_caps.txt: cannot be read"),
        (lambda folder: np.save(folder / "dev_ims.npy", np.zeros((2, 9))), r"different widths, \[6, 9\]"),
        (lambda folder: np.save(folder / "dev_ims.npy", np.zeros((2, 6), int)), "must be floats"),
    ],
)
def test_what_is_wrong_with_a_precomp_folder_is_said(change, message, tmp_path):
    precomp(tmp_path, 1)
    change(tmp_path)
    with pytest.raises(GxnError, match=message):
        read_precomp(tmp_path)


@pytest.mark.parametrize(
    ("script", "message"),
    [("kill -SEGV $$", r"HDF5 crashes on it \(signal 11\)"), ("sleep 20", "still reads it after 1 s")],
)
def test_a_crash_of_hdf5_or_an_endless_reading_is_said(script, message, tmp_path, monkeypatch):
    """The other process is played by a script, since what HDF5 crashes on differs from version to version."""
    path = hdf5(tmp_path / "x.h5", features=TABLE, names=NAMES)
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    monkeypatch.setattr("gxn.others_hdf5.LEAST_SECONDS", 1)
    with pytest.raises(GxnError, match=message), open_ready(path):
        pass
