"""A row in use gives what the steps of training and evaluation give."""

import numpy as np
import pytest

import gxn
from gxn.datasets.tokenisers import words
from gxn.errors import GxnError
from gxn.features.store import read_features
from gxn.training.checkpoint import read_encoders
from gxn.training.data import read_split
from gxn.training.matching import embed


@pytest.fixture
def model(trained):
    results = gxn.open_results("config/mine.yaml")
    return results.open(results.choose("both"))


def test_photographs_have_the_features_of_the_dataset(trained, model):
    ids = np.array([103, 100])
    found = model.photographs.features(["photos/3.png", "photos/0.png"])
    assert np.allclose(found, read_features("data/tiny/features.h5", ids), atol=1e-6)


def test_images_and_sentences_are_embedded_as_in_evaluation(trained, model):
    import torch

    path = trained / "results/tiny/checkpoints/joint/both/seed3.safetensors"
    split = read_split(
        trained / "data/tiny/tokens.h5", trained / "data/tiny/features.h5", "test", torch.device("cpu")
    )
    images, texts = embed(read_encoders(path)[0], split)
    sentences = [" ".join(split.words[each] for each in row if each) for row in split.tokens.tolist()]
    found = model.embed_texts(sentences)
    for space, expected in zip(("abstract", "grounded"), texts, strict=True):
        assert np.allclose(found[space], expected, atol=1e-6)
    found = model.embed_images([f"photos/{at}.png" for at in range(18, 24)])
    for space, expected in zip(("abstract", "grounded"), images, strict=True):
        assert np.allclose(found[space], expected, atol=1e-5)


def test_a_search_orders_by_minus_the_weighted_violations(model):
    index = model.index_images([f"photos/{at}.png" for at in range(6)])
    text = model.embed_texts(["w1 w2"])
    by_hand = [
        -sum(
            0.5 * np.square(np.maximum(0, text[space][0] - index.embedded[space][at])).sum()
            for space in ("abstract", "grounded")
        )
        for at in range(6)
    ]
    found = model.search("w1 w2", index, 4)
    assert [each.id for each in found] == np.argsort(by_hand)[::-1][:4].tolist()
    assert [each.score for each in found] == pytest.approx(sorted(by_hand, reverse=True)[:4], abs=1e-5)
    assert found[0].name == f"photos/{found[0].id}.png"


def test_a_photograph_finds_sentences(model):
    index = model.index_texts(["w1 w2", "w3", "dog w1"])
    found = model.search("photos/2.png", index)
    scores = model.scores(model.embed_images(["photos/2.png"]), index.embedded)[0]
    assert [each.score for each in found] == sorted(scores.tolist(), reverse=True)
    assert found[0].name == index.names[int(scores.argmax())]


def test_captions_and_drawings(model):
    (said,) = model.caption(["photos/2.png"])
    assert set(words(said)) <= set(model.vocabulary.words)
    drawn = model.draw(["w1 w2", "w3"], noise=1)
    assert drawn.shape == (2, 16, 16, 3) and drawn.dtype == np.uint8
    assert np.array_equal(drawn, model.draw(["w1 w2", "w3"], noise=1))
    assert not np.array_equal(drawn, model.draw(["w1 w2", "w3"], noise=2))


def test_what_a_row_cannot_do_is_said(trained):
    results = gxn.open_results("config/mine.yaml")
    plain = results.open(results.choose("plain"))
    with pytest.raises(GxnError, match="row plain does not caption"):
        plain.caption(["photos/2.png"])
    with pytest.raises(GxnError, match="row plain does not draw"):
        plain.draw(["w1"])
    with pytest.raises(GxnError, match=r"features: must be \(N, 256\), not \(2, 3\)"):
        plain.embed_features(np.ones((2, 3), np.float32))
