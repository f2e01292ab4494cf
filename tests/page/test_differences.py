"""The queries on which two rows differ most, by hand."""

import numpy as np
import pytest

from gxn.evaluation.ranks import Ranks
from gxn.page.differences import lead


def ranks(i2t, t2i):
    return Ranks(np.array(i2t, float), np.array(t2i, float), 0.0)


def test_the_largest_ratio_comes_first_and_equal_ones_by_rank():
    one, other = ranks([1, 5], [1, 2, 2, 9]), ranks([1, 4], [8, 16, 4, 9])
    found = lead(one, other)
    # ratios 8, 8, 2, 1: of the first two, the one that `one` ranks first
    assert found.captions == [0, 1, 2]
    assert found.images == []
    assert found.share == pytest.approx(3 / 6)


def test_the_other_way_round_has_the_other_queries():
    one, other = ranks([1, 5], [1, 2, 2, 9]), ranks([1, 4], [8, 16, 4, 9])
    found = lead(other, one)
    assert (found.captions, found.images, found.share) == ([], [1], pytest.approx(1 / 6))


def test_at_most_so_many_are_named():
    one, other = ranks([1] * 9, [1] * 9), ranks([2] * 9, [3] * 9)
    assert lead(one, other, 4).captions == [0, 1, 2, 3]
