"""The step that labels images."""

import json

import pytest
from small import config_files
from tiny import TINY

from gxn.datasets import clusters
from gxn.datasets.captions import Record, Sentence, image_ids
from gxn.datasets.labels import read_labels
from gxn.datasets.tokens import build_vocabulary, write_tokens
from gxn.errors import GxnError
from gxn.files import write_json
from gxn.steps.labels import Arguments, labels

PHOTOGRAPHS = {
    "dataset": {"source": {"kind": "images", "images": "x", "captions": "y"}},
    "cnn": {"weights": "z"},
    "labels": {"clusters": 12},
}


@pytest.fixture
def records(tmp_path):
    """Images in three splits; images 12 apart have the same caption, which no other one shares a word with."""
    found = []
    for number, split in enumerate(["train"] * 24 + ["val"] * 6 + ["test"] * 6):
        words = [f"{'abc'[k]}{number % 12}" for k in range(3)]
        found.append(Record(f"COCO_{number}.jpg", 100 + number, split, (Sentence(number, tuple(words)),)))
    write_tokens(tmp_path / "tokens.h5", found, build_vocabulary(found, 1), 30)
    images = [
        {
            "filename": each.filename,
            "imgid": each.imgid,
            "split": each.split,
            "sentences": [{"sentid": one.sentid, "tokens": list(one.tokens)} for one in each.sentences],
            "scene": {"things": [{"colour": "red", "shape": "star"}] * (each.imgid % 2)},
        }
        for each in found
    ]
    write_json(tmp_path / "captions.json", {"images": images})
    return found


def made(folder, records, *changes):
    arguments = Arguments(
        config=config_files(folder / "config", TINY, *changes),
        captions=folder / "captions.json",
        tokens=folder / "tokens.h5",
        out=folder / "labels.h5",
    )
    labels(arguments)
    return read_labels(folder / "labels.h5", image_ids(records))


def test_scenes_have_the_facts_of_their_things(tmp_path, records):
    found = made(tmp_path, records)
    assert (found.names, found.source, found.pseudo) == (("red star",), "facts", False)
    assert found.multi_hot[:, 0].tolist() == [record.imgid % 2 for record in records]


def test_photographs_have_clusters_of_their_captions(tmp_path, records):
    found = made(tmp_path, records, PHOTOGRAPHS)
    assert found.pseudo and found.multi_hot.shape == (36, 12)
    assert (found.multi_hot.sum(1) == 1).all() and (found.multi_hot[:12].sum(0) == 1).all()
    assert (found.multi_hot[:12] == found.multi_hot[12:24]).all()
    assert (found.multi_hot[:12] == found.multi_hot[24:]).all()


def test_the_same_captions_give_the_same_bytes(tmp_path, records):
    made(tmp_path, records, PHOTOGRAPHS)
    first = (tmp_path / "labels.h5").read_bytes()
    made(tmp_path, records, PHOTOGRAPHS)
    assert (tmp_path / "labels.h5").read_bytes() == first


def test_photographs_of_coco_have_its_categories(tmp_path, records):
    content = {
        "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}],
        "images": [{"id": number} for number in range(36)],
        "annotations": [{"image_id": 3, "category_id": 9}, {"image_id": 3, "category_id": 7}],
    }
    (tmp_path / "instances.json").write_text(json.dumps(content))
    own = {"labels": {"instances": [str(tmp_path / "instances.json")]}}
    found = made(tmp_path, records, PHOTOGRAPHS, own)
    assert (found.names, found.pseudo) == (("cat", "dog"), False)
    assert found.multi_hot.sum(1).tolist() == [2 * (number == 3) for number in range(36)]


def test_more_clusters_than_images_are_refused(tmp_path, records):
    with pytest.raises(GxnError, match=r"^labels\.clusters: 24 training images are too few for 25 clusters"):
        made(tmp_path, records, PHOTOGRAPHS, {"labels": {"clusters": 25}})
    assert not (tmp_path / "labels.h5").exists()


def test_captions_of_common_words_alone_are_refused(tmp_path, records, monkeypatch):
    monkeypatch.setattr(clusters, "COMMON", 0.01)
    with pytest.raises(GxnError, match=r"^labels: every word occurs in more than 1 % of the captions"):
        made(tmp_path, records, PHOTOGRAPHS)
