"""The best candidates of every query, against a sort of all scores."""

import numpy as np
import pytest
from pages import made_embeddings

from gxn.page.best import QUERIES, best_captions, best_images


@pytest.mark.parametrize("count", [1, 5])
def test_the_best_are_those_of_a_sort_of_all_scores(count):
    one = made_embeddings(1.0)
    scores = one.images[0] @ one.texts[0].T
    assert best_captions(one, count).tolist() == np.argsort(-scores, axis=1)[:, :count].tolist()
    assert best_images(one, count).tolist() == np.argsort(-scores.T, axis=1)[:, :count].tolist()


def test_more_queries_than_are_held_at_a_time_are_all_answered():
    one = made_embeddings(0.5)
    repeats = QUERIES // len(one.imgid) + 1
    many = type(one)(**{**vars(one), "images": [np.tile(one.images[0], (repeats, 1))]})
    found = best_captions(many, 3)
    assert len(found) > QUERIES
    assert (found == np.tile(best_captions(one, 3), (repeats, 1))).all()


def test_equal_scores_come_in_the_order_of_the_file():
    one = made_embeddings(1.0)
    same = type(one)(**{**vars(one), "texts": [np.tile(one.texts[0][:1], (12, 1))]})
    assert best_captions(same, 4).tolist() == [[0, 1, 2, 3]] * 6
