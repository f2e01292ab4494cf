"""The mean reciprocal rank."""

import numpy as np
import pytest

from gxn.evaluation.columns.mrr import column


@pytest.mark.parametrize(
    ("ranks", "mean"), [([1.0], 1.0), ([1.0, 2.0, 4.0], (1 + 1 / 2 + 1 / 4) / 3), ([1.5], 2 / 3)]
)
def test_it_is_the_mean_of_the_reciprocals_of_the_ranks(ranks, mean):
    assert column(np.array(ranks)) == pytest.approx(mean)


def test_it_is_one_where_all_is_found_at_once():
    assert column(np.ones(5)) == 1.0
