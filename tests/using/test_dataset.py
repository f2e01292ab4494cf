"""The images and captions of a dataset, as a row searches them."""

import numpy as np
import pytest

import gxn


@pytest.fixture
def results(trained):
    return gxn.open_results("config/mine.yaml")


@pytest.mark.parametrize(("split", "count"), [(None, 24), ("train", 12), ("test", 6)])
def test_images_of_a_split_by_their_path_and_id(results, split, count):
    model = results.open(results.choose("plain"))
    index = results.index_images(model, split)
    assert len(index) == count and index.names[0] == f"photos/{index.ids[0] - 100}.png"
    own = model.embed_images(index.names)
    assert all(np.allclose(own[space], index.embedded[space], atol=1e-5) for space in own)


def test_captions_by_their_text_and_id(results):
    model = results.open(results.choose("plain"))
    index = results.index_sentences(model, "test")
    assert len(index) == 18 and index.ids[0] == 180
    again = model.embed_texts(index.names)
    assert all(np.allclose(again[space], index.embedded[space], atol=1e-6) for space in again)


def test_pictures_by_id(results):
    (picture,) = results.pictures([102])
    assert picture.shape == (40, 36, 3)
