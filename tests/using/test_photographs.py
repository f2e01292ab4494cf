"""Photographs of a folder are read once; a change of one reads that one, another CNN reads all."""

import dataclasses
import shutil

import numpy as np
import pytest

import gxn
from gxn.errors import GxnError
from gxn.using import photographs as module


@pytest.fixture
def model(trained):
    results = gxn.open_results("config/mine.yaml")
    return results.open(results.choose("plain"))


@pytest.fixture
def folder(trained, tmp_path):
    shutil.copytree(trained / "photos", tmp_path / "holiday/sub")
    return tmp_path / "holiday"


@pytest.fixture
def read(monkeypatch):
    """Numbers of photographs that were read, call by call."""
    counts, features = [], module.Photographs.features

    def counted(self, paths):
        counts.append(len(paths))
        return features(self, paths)

    monkeypatch.setattr(module.Photographs, "features", counted)
    return counts


def test_a_folder_is_read_once(model, folder, read):
    first, again = model.index_folder(folder), model.index_folder(folder)
    assert read == [24] and first.names == again.names and len(first) == 24
    assert all(np.array_equal(first.embedded[space], again.embedded[space]) for space in first.embedded)


def test_a_new_and_a_changed_photograph_are_read_and_a_lost_one_is_forgotten(model, folder, read):
    model.index_folder(folder)
    shutil.copy(folder / "sub/0.png", folder / "new.png")
    shutil.copy(folder / "sub/1.png", folder / "sub/2.png")
    (folder / "sub/3.png").unlink()
    index = model.index_folder(folder)
    assert read == [24, 2] and len(index) == 24
    row = {name: at for at, name in enumerate(index.names)}
    grounded = index.embedded["grounded"]
    assert np.allclose(grounded[row[str(folder / "new.png")]], grounded[row[str(folder / "sub/0.png")]])
    assert np.allclose(grounded[row[str(folder / "sub/2.png")]], grounded[row[str(folder / "sub/1.png")]])


def test_another_transform_reads_all_again(model, folder, read):
    model.index_folder(folder)
    smaller = model.photographs.settings.model_copy(update={"crop": 16})
    dataclasses.replace(
        model, photographs=dataclasses.replace(model.photographs, settings=smaller)
    ).index_folder(folder)
    assert read == [24, 24]


def test_where_features_cannot_be_kept_the_search_goes_on(model, folder, read, tmp_path, capsys):
    (tmp_path / "cache").write_text("a file, and not a folder")
    assert len(model.index_folder(folder)) == len(model.index_folder(folder)) == 24
    assert read == [24, 24]
    assert capsys.readouterr().err.count("so the photographs are read again next time") == 2


def test_a_damaged_cache_is_made_again(model, folder, read, tmp_path, capsys):
    model.index_folder(folder)
    (kept,) = (tmp_path / "cache/gxn/photographs").glob("*.h5")
    whole = bytearray(kept.read_bytes())
    whole[len(whole) // 2] ^= 255
    kept.write_bytes(whole)
    assert len(model.index_folder(folder)) == 24 and read == [24, 24]
    assert "is damaged and is made again" in capsys.readouterr().err


def test_a_photograph_that_cannot_be_read_is_left_out_with_its_name_and_not_tried_again(
    model, folder, read, capsys
):
    (folder / "bad.jpg").write_bytes(b"nothing")
    assert len(model.index_folder(folder)) == 24
    assert "bad.jpg" in capsys.readouterr().err
    tried = len(read)
    assert len(model.index_folder(folder)) == 24 and len(read) == tried


def test_a_folder_without_photographs_is_refused(model, tmp_path):
    with pytest.raises(GxnError, match="has no photographs"):
        model.index_folder(tmp_path)


def test_another_cnn_is_refused_by_its_hash(model, trained, tmp_path):
    changed = tmp_path / "cnn.safetensors"
    changed.write_bytes((trained / "cnn.safetensors").read_bytes() + b" ")
    other = dataclasses.replace(model.photographs, weights=changed)
    with pytest.raises(GxnError, match="is another CNN than the row was trained with: its SHA-256"):
        other.features(["photos/0.png"])
