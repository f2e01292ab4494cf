"""A split in memory: order, joins, padding."""

import numpy as np
import pytest
import torch
from edits import edited

from gxn.datasets.tokens import read_tokens
from gxn.errors import GxnError
from gxn.features.store import read_features
from gxn.training.data import Split, epoch_order, read_split, spread_rows

CPU = torch.device("cpu")


@pytest.fixture
def split(data) -> Split:
    return read_split(data / "tokens.h5", data / "features.h5", "val", CPU)


class TestOrder:
    @pytest.mark.parametrize(("seed", "epoch"), [(0, 0), (0, 1), (7, 30)])
    def test_an_epoch_is_a_permutation(self, seed, epoch):
        assert sorted(epoch_order(50, seed, epoch).tolist()) == list(range(50))

    def test_it_depends_on_seed_and_epoch(self):
        orders = {tuple(epoch_order(50, seed, epoch).tolist()) for seed in range(3) for epoch in range(3)}
        assert len(orders) == 9

    def test_it_depends_on_nothing_else(self):
        before = epoch_order(50, 0, 1)
        torch.manual_seed(999)
        assert torch.equal(epoch_order(50, 0, 1), before)


class TestSpreadRows:
    SIZES = pytest.mark.parametrize(("size", "count"), [(128, 32), (128, 65), (128, 100), (7, 7), (5, 9)])

    @SIZES
    def test_there_are_as_many_as_asked_for_or_all(self, size, count):
        assert len(spread_rows(size, count).unique()) == min(size, count)

    @SIZES
    def test_they_lie_at_even_distances_over_all(self, size, count):
        rows = spread_rows(size, count)
        assert rows[0] == 0 and rows[-1] < size
        assert rows.diff().max() - rows.diff().min() <= 1 and size - rows[-1] <= rows.diff().max() + 1


class TestRead:
    def test_features_are_those_of_the_splits_images(self, data, split):
        expected = read_features(data / "features.h5", split.imgid)
        assert split.imgid.tolist() == list(range(112, 118)) and np.array_equal(split.features, expected)

    def test_captions_are_padded_behind(self, data, split):
        captions = read_tokens(data / "tokens.h5", "val")
        for row, caption in enumerate(split.tokens):
            own = captions.tokens[captions.offsets[row] : captions.offsets[row + 1]].tolist()
            assert caption.tolist() == own + [0] * (len(caption) - len(own))

    def test_lengths_are_those_of_the_captions(self, split):
        assert torch.equal(split.lengths, (split.tokens != 0).sum(1))

    def test_every_caption_has_its_image(self, split):
        """Captions 10 i + k are of image 100 + i."""
        assert (split.sentid // 10 + 100 == split.imgid[split.caption_image]).all()

    def test_features_are_joined_by_id_whatever_their_order(self, data, split):
        with edited(data / "features.h5") as file:
            order = np.random.default_rng(1).permutation(24)
            file["features"][:], file["imgid"][:] = file["features"][:][order], file["imgid"][:][order]
        again = read_split(data / "tokens.h5", data / "features.h5", "val", CPU)
        assert torch.equal(again.features, split.features)


class TestBatches:
    @pytest.fixture
    def batches(self, split):
        return list(split.batches(5, 0, 0))

    def test_there_are_as_many_as_are_whole(self, split, batches):
        assert len(batches) == len(split.lengths) // 5 == split.steps(5)

    def test_captions_stand_by_falling_length(self, batches):
        assert all((batch.lengths.diff() <= 0).all() for batch in batches)

    def test_they_are_as_wide_as_the_longest(self, batches):
        assert all(batch.tokens.shape == (5, batch.lengths[0]) for batch in batches)

    def test_padding_is_the_rest(self, batches):
        assert all(torch.equal((batch.tokens != 0).sum(1), batch.lengths) for batch in batches)

    def test_captions_are_paired_with_their_images(self, split, batches):
        for batch in batches:
            assert torch.equal(batch.image, split.caption_image[batch.caption])
            assert torch.equal(batch.features, split.features[batch.image])

    def test_they_follow_the_order_of_the_epoch(self, split, batches):
        order = epoch_order(len(split.lengths), 0, 0)[: 5 * len(batches)].split(5)
        for batch, expected in zip(batches, order, strict=True):
            assert sorted(batch.caption.tolist()) == sorted(expected.tolist())

    def test_captions_of_one_length_keep_their_order(self, split):
        same = torch.where(split.lengths == split.lengths[1])[0].flip(0)
        assert torch.equal(split.batch(same).caption, same)

    def test_a_batch_larger_than_the_split_is_refused(self, split):
        with pytest.raises(GxnError, match=r"^training\.batch_size: 64 .* 18 captions of the val split"):
            list(split.batches(64, 0, 0))


class TestFirst:
    @pytest.mark.parametrize("images", [None, 6, 7])
    def test_all_images_are_the_split_itself(self, split, images):
        assert split.first(images) is split

    def test_the_first_images_come_with_their_captions_alone(self, split):
        part = split.first(4)
        kept = np.flatnonzero(split.caption_image.numpy() < 4)
        assert part.imgid.tolist() == split.imgid[:4].tolist()
        assert part.sentid.tolist() == split.sentid[kept].tolist()
        for name in ("tokens", "lengths", "caption_image"):
            assert torch.equal(getattr(part, name), getattr(split, name)[kept])

    def test_and_with_their_features(self, split):
        assert torch.equal(split.first(4).features, split.features[:4])


def test_a_sample_is_spread_over_the_split(split):
    assert sorted(split.sample(6).caption.tolist()) == [0, 3, 6, 9, 12, 15]
