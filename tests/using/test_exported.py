"""An exported folder does what the row does, and refuses parts that are not its own."""

import json
import shutil

import numpy as np
import pytest

import gxn
from gxn.errors import GxnError
from gxn.files import load_tensors, save_tensors
from gxn.steps.export import Arguments, export


@pytest.fixture
def folder(trained, tmp_path):
    path = tmp_path / "exported"
    export(Arguments(row="both", folder=path, config=("config/mine.yaml",)))
    return path


def test_it_does_what_the_row_does(folder):
    results = gxn.open_results("config/mine.yaml")
    row, loaded = results.open(results.choose("both")), gxn.load(folder)
    photos = ["photos/1.png", "photos/2.png"]
    for one, other in (
        (row.embed_images(photos), loaded.embed_images(photos)),
        (row.embed_texts(["w1"]), loaded.embed_texts(["w1"])),
    ):
        assert all(np.array_equal(one[space], other[space]) for space in one)
    assert row.caption(photos) == loaded.caption(photos)
    assert np.array_equal(row.draw(["w1"]), loaded.draw(["w1"]))


def test_it_works_where_nothing_else_is(folder, tmp_path, monkeypatch):
    photos = tmp_path / "elsewhere/photos"
    shutil.copytree("photos", photos)
    monkeypatch.chdir(photos.parent)
    shutil.move(folder, "row")
    model = gxn.load("row")
    assert len(model.search("w1 w2", model.index_folder("photos"), 3)) == 3


def test_the_discriminator_stays_at_home(folder):
    names = {name.partition(".")[0] for name in load_tensors(folder / "model.safetensors")[0]}
    assert names == {"encoders", "decoder", "augmentation", "generator"}


def test_a_folder_that_is_there_is_left_alone(folder):
    with pytest.raises(GxnError, match="already exists"):
        export(Arguments(row="plain", folder=folder, config=("config/mine.yaml",)))


def test_what_is_no_exported_row_is_refused(tmp_path):
    with pytest.raises(
        GxnError, match=r"is not an exported row, as it has no config\.json; gxn export ROW DIR"
    ):
        gxn.load(tmp_path)


def replaced(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda f: (f / "cnn.safetensors").write_bytes(b"other"),
            "is another CNN than the row was trained with",
        ),
        (lambda f: replaced(f / "vocabulary.json", '"w1"', '"w9"'), "is another vocabulary than"),
        (lambda f: replaced(f / "transform.json", '"crop": 32', '"crop": 16'), "is another transform than"),
        (
            lambda f: replaced(f / "config.json", '"layer": "pool"', '"layer": "grid2"'),
            "does not belong to model",
        ),
        (lambda f: replaced(f / "config.json", '"format": 1', '"format": 0'), "another version of gxn"),
        (lambda f: (f / "cnn.safetensors").unlink(), "cannot be read"),
        (lambda f: (f / "config.json").write_text("{}"), "is damaged"),
    ],
)
def test_a_part_that_is_not_its_own_is_refused(folder, change, message):
    change(folder)
    with pytest.raises(GxnError, match=message):
        gxn.load(folder)


def test_a_model_with_the_hashes_of_another_is_refused(folder):
    """Transform and configuration changed together: the model itself knows what it belongs to."""
    tensors, about = load_tensors(folder / "model.safetensors")
    save_tensors(folder / "model.safetensors", tensors, about | {"bound": "0" * 64})
    with pytest.raises(GxnError, match=r"config\.json does not belong to model\.safetensors"):
        gxn.load(folder)


def test_its_card_says_what_it_is(folder):
    text = (folder / "README.md").read_text()
    assert text.startswith("---\nlibrary_name: gxn\n")
    assert "The row has not been evaluated." in text and "12 images to train" in text
    assert json.loads((folder / "config.json").read_text())["cnn"]["sha256"] in text
