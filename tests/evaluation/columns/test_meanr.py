"""The mean rank."""

import numpy as np
import pytest

from gxn.evaluation.columns.meanr import column


@pytest.mark.parametrize(("ranks", "mean"), [([1.0], 1.0), ([1.0, 2.5, 4.0], 2.5), ([1, 1, 10], 4.0)])
def test_it_is_the_mean_of_the_ranks(ranks, mean):
    assert column(np.array(ranks)) == mean
