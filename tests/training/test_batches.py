"""Number of batches of a split."""

import pytest

from gxn.errors import GxnError
from gxn.training.batches import whole_batches


@pytest.mark.parametrize(("captions", "size", "batches"), [(10, 5, 2), (11, 5, 2), (5, 5, 1), (9, 2, 4)])
def test_only_whole_batches_count(captions, size, batches):
    assert whole_batches(captions, size, "train") == batches


def test_a_batch_larger_than_the_split_is_refused():
    message = (
        r"^training\.batch_size: 64 pairs are more than the 36 captions of the train split; make the batch"
    )
    with pytest.raises(GxnError, match=message):
        whole_batches(36, 64, "train")
