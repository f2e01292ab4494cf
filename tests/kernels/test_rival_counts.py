"""Counts over several blocks and threads; `tests/evaluation/test_ranks.py` has the ranks by their definition."""

import numpy as np
import pytest

from gxn.kernels import ranks
from gxn.similarities import SIMILARITIES


@pytest.mark.parametrize("name", SIMILARITIES)
def test_blocks_and_threads_change_no_count(name, monkeypatch):
    rng = np.random.default_rng(0)
    owners = rng.permutation(np.concatenate([np.arange(53), rng.integers(0, 53, 150)]))
    widths, weights = (5, 12), [0.3, 0.7]
    images, texts = ([rng.random((rows, width), np.float32) for width in widths] for rows in (53, 203))
    found = []
    for blocks, threads in (((96, 512), 1), ((10, 17), 1), ((10, 17), 3)):
        monkeypatch.setattr(ranks, "IMAGES", blocks[0])
        monkeypatch.setattr(ranks, "CAPTIONS", blocks[1])
        monkeypatch.setattr(ranks, "compute_threads", lambda threads=threads: threads)
        counts = ranks.count_rivals(images, texts, owners, SIMILARITIES[name], weights)
        found.append([*counts.positive, *counts.num_higher, *counts.num_tied])
    for other in found[1:]:
        for pair in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(*pair)
    assert (found[0][4] >= 1).all() and (found[0][5] == 1).all()  # each true pair is equal to itself


def test_groups_hold_each_caption_with_its_image():
    owners = np.array([2, 0, 1, 2, 3, 0])
    groups = [(first, captions.tolist()) for first, captions in ranks.captions_by_group(owners, 4, 2)]
    assert groups == [(0, [1, 5, 2]), (2, [0, 3, 4])]
