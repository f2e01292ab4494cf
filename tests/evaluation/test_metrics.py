"""Recalls, medians and chance levels against plain definitions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxn.evaluation import metrics

RANKS = st.lists(st.integers(2, 60).map(lambda half: half / 2), min_size=1, max_size=40)


@given(RANKS)
def test_summary_counts_as_a_loop_does(ranks):
    numbers = metrics.summary(np.array(ranks), floor=True)
    for k in (1, 5, 10):
        assert numbers[f"r{k}"] == 100.0 * sum(rank <= k for rank in ranks) / len(ranks)
    ordered = sorted(ranks)
    middle = (ordered[(len(ranks) - 1) // 2] + ordered[len(ranks) // 2]) / 2
    assert numbers["medr"] == math.floor(middle)
    assert metrics.summary(np.array(ranks), floor=False)["medr"] == middle


@given(RANKS, st.randoms(use_true_random=False))
def test_order_of_queries_does_not_matter(ranks, random):
    shuffled = list(ranks)
    random.shuffle(shuffled)
    assert metrics.summary(np.array(ranks), floor=True) == metrics.summary(np.array(shuffled), floor=True)


@given(RANKS)
def test_recall_grows_with_k_and_the_curve_is_the_recalls(ranks):
    curve = metrics.recall_curve(np.array(ranks), 50)
    assert (np.diff(curve) >= 0).all() and 0 <= curve[0] and curve[-1] == 100.0
    assert [metrics.recall(np.array(ranks), k) for k in range(1, 51)] == curve.tolist()


def test_a_rank_between_two_places_does_not_count_for_the_better_one():
    assert metrics.recall(np.array([1.0, 1.5, 2.0]), 1) == pytest.approx(100 / 3)


def test_rsum_is_the_sum_of_the_six_recalls_beside_it():
    i2t = {"r1": 10.1, "r5": 20.2, "r10": 30.3, "medr": 7.0}
    t2i = {"r1": 0.1, "r5": 0.2, "r10": 0.3, "medr": 70.0}
    assert metrics.rsum(i2t, t2i) == 10.1 + 20.2 + 30.3 + 0.1 + 0.2 + 0.3


def test_mean_over_folds_may_give_a_fractional_median():
    folds = [{"r1": 10.0, "medr": 2.0}, {"r1": 20.0, "medr": 3.0}]
    assert metrics.mean(folds) == {"r1": 15.0, "medr": 2.5}


def test_chance_of_the_right_image_is_k_in_n():
    assert metrics.chance_t2i(1000, 10).tolist() == pytest.approx([k / 10 for k in range(1, 11)])
    assert metrics.chance_t2i(3, 5).tolist() == pytest.approx([100 / 3, 200 / 3, 100, 100, 100])


@settings(deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_chance_of_a_right_caption_is_the_exact_count_of_draws(captions):
    total = sum(captions)
    found = metrics.chance_i2t(np.array(captions), total + 3)
    for k in range(1, total + 4):
        drawn = min(k, total)
        exact = [1 - Fraction(math.comb(total - own, drawn), math.comb(total, drawn)) for own in captions]
        assert found[k - 1] == pytest.approx(100 * float(sum(exact) / len(captions)), abs=1e-9)
