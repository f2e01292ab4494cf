"""Average precision against all orders of tied items, and against hand-made rankings."""

import itertools

import numpy as np
import pytest
from retrieval import embeddings

from gxn.errors import GxnError
from gxn.evaluation import retrieval_map
from gxn.evaluation.retrieval_map import label_precision, precision


def by_definition(relevant, depth=None):
    """AP of one ranking: the mean over relevant items of (relevant items up to it) / rank."""
    ranks = [rank for rank, hit in enumerate(relevant, 1) if hit]
    within = [rank for rank in ranks if depth is None or rank <= depth]
    return sum((place + 1) / rank for place, rank in enumerate(within)) / len(ranks)


def by_all_orders(scores, relevant, cut):
    """The mean over all orders that the scores allow."""
    orders = [
        order
        for order in itertools.permutations(range(len(scores)))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]
    depth = int(sum(relevant)) if cut else None
    return np.mean([by_definition([relevant[item] for item in order], depth) for order in orders])


@pytest.mark.parametrize("levels", [1, 2, 3, 100])
def test_ties_count_by_expectation_over_all_orders(levels):
    rng = np.random.default_rng(levels)
    scores = rng.integers(0, levels, (12, 6)).astype(np.float32)
    relevant = rng.random((12, 6)) < 0.5
    relevant[:, 2] = True
    found = precision(scores, relevant)
    for row in range(12):
        case = scores[row].tolist(), relevant[row].tolist()
        assert found.average[row] == pytest.approx(by_all_orders(*case, cut=False), abs=1e-12)
        assert found.at_r[row] == pytest.approx(by_all_orders(*case, cut=True), abs=1e-12)


def test_without_ties_it_is_the_average_precision_of_torchmetrics():
    import torch
    from torchmetrics.functional.retrieval import retrieval_average_precision

    rng = np.random.default_rng(4)
    scores = rng.permuted(np.tile(np.arange(1.0, 51), (6, 1)), axis=1)  # it counts no item of score 0 or less
    relevant = rng.random((6, 50)) < 0.2
    expected = [
        retrieval_average_precision(*map(torch.from_numpy, pair)).item()
        for pair in zip(scores, relevant, strict=True)
    ]
    assert precision(scores, relevant).average == pytest.approx(expected, abs=1e-6)


def test_the_order_of_the_gallery_changes_nothing():
    rng = np.random.default_rng(0)
    scores, relevant = rng.integers(0, 4, (5, 40)), rng.random((5, 40)) < 0.3
    mixed = rng.permutation(40)
    one, two = precision(scores, relevant), precision(scores[:, mixed], relevant[:, mixed])
    assert one.average == pytest.approx(two.average, abs=1e-12)
    assert one.at_r == pytest.approx(two.at_r, abs=1e-12)


def test_best_worst_and_random_rankings():
    relevant = np.zeros((1, 1000), bool)
    relevant[0, :300] = True
    falling = -np.arange(1000.0)[None]
    assert precision(falling, relevant).average[0] == precision(falling, relevant).at_r[0] == 1.0
    assert precision(-falling, relevant).at_r[0] == 0.0
    assert precision(np.zeros((1, 1000)), relevant).average[0] == pytest.approx(0.3, abs=0.005)  # R / N


def test_by_hand():
    found = precision(np.array([[4.0, 3, 2, 1]]), np.array([[False, True, False, True]]))
    assert found.average[0] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert found.at_r[0] == pytest.approx(1 / 2 / 2)
    assert found.relevant.tolist() == [2]


def test_labels_say_what_is_relevant_and_queries_without_any_are_left_out(monkeypatch):
    monkeypatch.setattr(retrieval_map, "QUERIES", 2)
    queries = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1]], np.uint8)
    gallery = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], np.uint8)
    scores = np.array([[1.0, 2, 3], [3, 2, 1], [0, 0, 0]])
    found = label_precision(lambda begin, end: scores[begin:end], queries, gallery)
    assert found.relevant.tolist() == [2, 2, 0]
    assert np.isnan(found.average[2]) and np.isnan(found.at_r[2])
    first, second = (1 + 2 / 3) / 2, (1 / 2 + 2 / 3) / 2
    summary = found.summary()
    assert summary["map"] == pytest.approx(50 * (first + second)) and summary["left_out"] == 1
    assert summary["map_r"] == pytest.approx(50 * (1 / 2 + 1 / 4))


def test_no_relevant_item_at_all_is_an_error():
    with pytest.raises(GxnError, match="mAP is undefined"):
        precision(np.zeros((2, 3)), np.zeros((2, 3), bool)).summary()


@pytest.mark.parametrize("similarity", ["cosine", "order"])
def test_both_ways_rank_by_the_weighted_score_of_the_spaces(similarity):
    given = embeddings(np.random.default_rng(0), [2, 3, 1, 4], similarity, spaces=2)
    labels = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], np.uint8)
    owner = given.caption_image
    scores = sum(
        weight
        * (
            image @ text.T
            if similarity == "cosine"
            else -(np.maximum(0, text[None] - image[:, None]) ** 2).sum(2)
        )
        for weight, image, text in zip(given.weights, given.images, given.texts, strict=True)
    )
    i2t, t2i = retrieval_map.both_ways(given, labels)
    relevant = labels @ labels[owner].T > 0
    for found, rows, hits in ((i2t, scores, relevant), (t2i, scores.T, relevant.T)):
        np.testing.assert_allclose(found.average, precision(rows, hits).average, rtol=1e-6)
    assert i2t.summary()["left_out"] == 1 and t2i.summary()["left_out"] == 4
