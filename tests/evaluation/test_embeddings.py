"""Embeddings are written and read back, or refused with what is wrong."""

import json
from dataclasses import replace

import numpy as np
import pytest
from edits import edited
from retrieval import embeddings, plain

from gxn.errors import GxnError
from gxn.evaluation.embeddings import read_embeddings, write_embeddings


@pytest.fixture
def one():
    return embeddings(np.random.default_rng(5), [2, 3, 1, 4], "order", spaces=2)


def test_what_is_written_comes_back(tmp_path, one):
    write_embeddings(tmp_path / "e.h5", one)
    found = read_embeddings(tmp_path / "e.h5")
    for name in ("images", "texts"):
        assert all(
            np.array_equal(a, b) for a, b in zip(getattr(found, name), getattr(one, name), strict=True)
        )
    for name in ("imgid", "sentid", "caption_image"):
        assert np.array_equal(getattr(found, name), getattr(one, name))
    for name in ("spaces", "weights", "similarity", "split", "provenance"):
        assert getattr(found, name) == getattr(one, name)


def test_another_provenance_may_be_written(tmp_path, one):
    write_embeddings(tmp_path / "e.h5", one, {"seed": 9})
    assert read_embeddings(tmp_path / "e.h5").provenance == {"seed": 9}


class TestParts:
    def test_of_some_images_their_captions_stay(self, one):
        rows = np.array([2, 0])
        part = one.of_images(rows)
        assert part.imgid.tolist() == one.imgid[rows].tolist()
        kept = np.isin(one.caption_image, rows)
        assert part.sentid.tolist() == one.sentid[kept].tolist()

    def test_captions_point_to_their_images(self, one):
        part = one.of_images(np.array([2, 0]))
        owner = dict(zip(one.sentid, one.imgid[one.caption_image], strict=True))
        assert [owner[each] for each in part.sentid] == part.imgid[part.caption_image].tolist()

    def test_embeddings_are_those_of_the_rows(self, one):
        part = one.of_images(np.array([2, 0]))
        assert all(np.array_equal(a, b[[2, 0]]) for a, b in zip(part.images, one.images, strict=True))

    def test_a_space_alone_has_all_the_weight(self, one):
        alone = one.alone("grounded")
        assert (alone.spaces, alone.weights) == (["grounded"], [1.0])
        assert np.array_equal(alone.texts[0], one.texts[1])


@pytest.mark.parametrize("similarity", ["dot", ["order"], {}, None])
def test_an_unknown_similarity_is_refused(tmp_path, similarity):
    write_embeddings(tmp_path / "e.h5", replace(plain(6), similarity=similarity))
    with pytest.raises(GxnError, match=r"e\.h5: similarity: must be one of cosine, order"):
        read_embeddings(tmp_path / "e.h5")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"caption_image": np.full(6, 99)}, r"caption_image does not point into the 6 images"),
        ({"caption_image": np.full(6, -1)}, r"caption_image does not point into the 6 images"),
        ({"caption_image": np.zeros(6, int)}, r"image \d+ has no caption"),
        ({"imgid": np.ones(6, int)}, r"imgid occurs twice"),
        ({"sentid": np.ones(6, int)}, r"sentid occurs twice"),
        ({"sentid": np.arange(3)}, r"6 image and 6 text rows, 6 and 3 ids"),
        (
            {"images": [np.zeros((6, 5), np.float32)]},
            r"shapes \(6, 5\) and \(6, 6\) do not fit one joint space",
        ),
        (
            {"texts": [np.full((6, 6), np.nan, np.float32)]},
            r"contains a number that is not finite; train the run",
        ),
        (
            {"images": [np.full((6, 6), np.inf, np.float32)]},
            r"contains a number that is not finite; train the run",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path, change, message):
    write_embeddings(tmp_path / "e.h5", replace(plain(6), **change))
    with pytest.raises(GxnError, match=rf"e\.h5: {message}"):
        read_embeddings(tmp_path / "e.h5")


def no_metadata(file):
    del file.attrs["gxn"]


def other_spaces(file):
    file.move("image/grounded", "image/abstract")


def no_similarity(file):
    about = {"weights": {"grounded": 1.0}, "split": "test", "provenance": {}}
    file.attrs["gxn"] = np.bytes_(json.dumps(about))


def text_weights(file):
    about = {"weights": 5, "split": "test", "provenance": {}, "similarity": "order"}
    file.attrs["gxn"] = np.bytes_(json.dumps(about))


def no_ids(file):
    del file["imgid"]


@pytest.mark.parametrize("damage", [no_metadata, other_spaces, no_similarity, text_weights, no_ids])
def test_a_file_of_another_form_is_refused(tmp_path, damage):
    write_embeddings(tmp_path / "e.h5", plain(6))
    with edited(tmp_path / "e.h5") as file:
        damage(file)
    with pytest.raises(GxnError, match=r"e\.h5: "):
        read_embeddings(tmp_path / "e.h5")


@pytest.mark.parametrize("length", [0, 100, 700])
def test_a_cut_file_is_refused(tmp_path, length):
    write_embeddings(tmp_path / "e.h5", plain(6))
    (tmp_path / "e.h5").write_bytes((tmp_path / "e.h5").read_bytes()[:length])
    with pytest.raises(GxnError, match=r"e\.h5: is (damaged|not an HDF5)"):
        read_embeddings(tmp_path / "e.h5")


@pytest.mark.parametrize("weight", [-1.0, 0.0, float("nan")])
def test_weights_that_rank_nothing_are_refused(tmp_path, weight):
    write_embeddings(tmp_path / "e.h5", replace(plain(6), weights=[weight]))
    with pytest.raises(GxnError, match=r"e\.h5: the weights of the spaces"):
        read_embeddings(tmp_path / "e.h5")
