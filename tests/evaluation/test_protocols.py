"""Protocols against an independent brute-force ranking."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from retrieval import brute_force, collapsed, embeddings, plain

from gxn.errors import GxnError
from gxn.evaluation.embeddings import Embeddings
from gxn.evaluation.protocols import evaluate, folds

SIMILARITIES = ("cosine", "order", "order_reversed")


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32 - 1),
    captions=st.lists(st.integers(1, 4), min_size=2, max_size=8),
    similarity=st.sampled_from(SIMILARITIES),
    spaces=st.integers(1, 2),
)
def test_everything_equals_brute_force(seed, captions, similarity, spaces):
    one = embeddings(np.random.default_rng(seed), captions, similarity, spaces=spaces)
    assume(not collapsed(one))
    found = evaluate(one, "full", floor=True)
    i2t, t2i = brute_force(one)
    assert found.i2t.tolist() == i2t and found.t2i.tolist() == t2i
    for way, ranks in (("i2t", i2t), ("t2i", t2i)):
        for k in (1, 5, 10):
            assert found.numbers[way][f"r{k}"] == 100.0 * sum(rank <= k for rank in ranks) / len(ranks)
        assert found.numbers[way]["medr"] == np.median(ranks) // 1
    numbers = found.numbers
    parts = [numbers[way][f"r{k}"] for way in ("i2t", "t2i") for k in (1, 5, 10)]
    assert numbers["rsum"] == sum(parts)
    assert (numbers["images"], numbers["captions"]) == (len(captions), sum(captions))


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), captions=st.lists(st.integers(1, 3), min_size=2, max_size=12))
def test_permuting_images_and_captions_changes_no_rank(seed, captions):
    rng = np.random.default_rng(seed)
    one = embeddings(rng, captions, "order")
    assume(not collapsed(one))
    images, texts = rng.permutation(len(one.imgid)), rng.permutation(len(one.sentid))
    other = Embeddings(
        spaces=one.spaces,
        images=[space[images] for space in one.images],
        texts=[space[texts] for space in one.texts],
        weights=one.weights,
        similarity=one.similarity,
        imgid=one.imgid[images],
        caption_image=np.argsort(images)[one.caption_image[texts]],
        sentid=one.sentid[texts],
        split="test",
        provenance={},
    )
    first, second = evaluate(one, "full", floor=True), evaluate(other, "full", floor=True)
    assert dict(zip(first.imgid, first.i2t, strict=True)) == dict(zip(second.imgid, second.i2t, strict=True))
    assert dict(zip(first.sentid, first.t2i, strict=True)) == dict(
        zip(second.sentid, second.t2i, strict=True)
    )


def test_a_duplicate_image_ties_with_its_twin():
    rng = np.random.default_rng(0)
    space = rng.normal(size=(20, 8)).astype(np.float32)
    space /= np.linalg.norm(space, axis=1, keepdims=True)
    space[7] = space[3]
    one = Embeddings(["grounded"], [space], [space.copy()], [1.0], "cosine", *[np.arange(20)] * 3, "test", {})
    found = evaluate(one, "full", floor=True)
    expected = np.where(np.isin(np.arange(20), (3, 7)), 1.5, 1.0)
    assert found.i2t.tolist() == found.t2i.tolist() == expected.tolist()
    assert found.numbers["tied"] == pytest.approx(0.1)
    assert found.numbers["i2t"]["r1"] == 90.0


@pytest.mark.parametrize("side", ["images", "texts"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_an_error(side, value):
    one = plain(10)
    getattr(one, side)[0][2, 1] = value
    with pytest.raises(GxnError):
        evaluate(one, "full", floor=True)


@pytest.mark.parametrize("side", ["images", "texts"])
def test_a_collapsed_embedding_is_reported_not_scored(side):
    one = plain(10)
    getattr(one, side)[0][:] = 1.0
    with pytest.raises(GxnError):
        evaluate(one, "full", floor=True)


def test_folds_are_disjoint_thousands_in_the_order_of_image_ids():
    imgid = np.random.default_rng(0).permutation(20_000)[:5_400]
    parts = folds(imgid, "1k-5fold")
    assert [len(rows) for rows in parts] == [1000] * 5
    assert imgid[np.concatenate(parts)].tolist() == sorted(imgid)[:5000]


@pytest.mark.parametrize(("protocol", "images"), [("1k-5fold", 4999), ("5k", 4999), ("5k", 5001), ("7k", 10)])
def test_a_split_that_does_not_suit_is_refused(protocol, images):
    with pytest.raises(GxnError, match=protocol):
        folds(np.arange(images), protocol)


def test_five_folds_are_the_mean_of_five_evaluations():
    one = plain(5000, captions=2)
    found = evaluate(one, "1k-5fold", floor=True)
    order = np.argsort(one.imgid)
    parts = [evaluate(one.of_images(rows), "full", floor=True) for rows in np.split(order[:5000], 5)]
    for way in ("i2t", "t2i"):
        for key in ("r1", "r5", "r10", "medr"):
            mean = sum(part.numbers[way][key] for part in parts) / 5
            assert found.numbers[way][key] == pytest.approx(mean, abs=1e-9)
    assert found.i2t.tolist() == np.concatenate([part.i2t for part in parts]).tolist()
    assert found.imgid.tolist() == sorted(one.imgid)
    owners = one.imgid[one.caption_image]
    assert (found.imgid[found.caption_image] == owners[found.sentid]).all()
    assert (found.fold == np.repeat(np.arange(5), 1000)).all()
    assert found.numbers["rsum"] > evaluate(one, "5k", floor=True).numbers["rsum"]


def test_further_columns_are_functions_of_the_ranks():
    one = plain(10, captions=2)
    found = evaluate(one, "full", floor=True, columns={"worst": np.max, "best": np.min})
    for way, ranks in (("i2t", found.i2t), ("t2i", found.t2i)):
        assert (found.numbers[way]["worst"], found.numbers[way]["best"]) == (ranks.max(), ranks.min())


def test_without_them_there_are_none():
    assert list(evaluate(plain(10), "full", floor=True).numbers["i2t"]) == ["r1", "r5", "r10", "medr"]


@pytest.mark.parametrize("floor", [True, False])
def test_the_median_is_floored_where_it_is_asked_for(floor):
    one = plain(10, captions=2, seed=3)
    median = evaluate(one, "full", floor=floor).numbers["t2i"]["medr"]
    exact = float(np.median(evaluate(one, "full", floor=False).t2i))
    assert median == (np.floor(exact) if floor else exact)
