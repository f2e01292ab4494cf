"""Batches: order, joins, padding."""

import numpy as np
import torch

from gxn.training.data import epoch_order, read_split
from gxn.training.drawing import wrong_pairs


def test_an_epoch_is_a_permutation_that_depends_on_seed_and_epoch():
    orders = [tuple(epoch_order(50, seed, epoch).tolist()) for seed, epoch in ((0, 0), (0, 1), (1, 0))]
    assert len(set(orders)) == 3 and all(sorted(order) == list(range(50)) for order in orders)
    assert tuple(epoch_order(50, 0, 1).tolist()) == orders[1]


def test_batches_pair_captions_with_their_images(data):
    split = read_split(data / "tokens.h5", data / "features.h5", "val", torch.device("cpu"))
    batches = list(split.batches(5, 0, 0))
    assert len(batches) == len(split.lengths) // 5
    for batch in batches:
        assert (batch.lengths.diff() <= 0).all()
        assert batch.tokens.shape[1] == batch.lengths[0]
        assert ((batch.tokens != 0).sum(1) == batch.lengths).all()
        assert torch.equal(batch.features, split.features[split.caption_image[batch.caption]])
        assert (split.sentid[batch.caption.numpy()] // 10 + 100 == split.imgid[batch.image.numpy()]).all()


def test_features_are_joined_by_id_whatever_their_order(data):
    import h5py

    before = read_split(data / "tokens.h5", data / "features.h5", "train", torch.device("cpu"))
    with h5py.File(data / "features.h5", "r+") as file:
        order = np.random.default_rng(1).permutation(24)
        file["features"][:], file["imgid"][:] = file["features"][:][order], file["imgid"][:][order]
    after = read_split(data / "tokens.h5", data / "features.h5", "train", torch.device("cpu"))
    assert torch.equal(before.features, after.features)


def test_wrong_pairs_are_of_other_images():
    for ids in ([0, 0, 0, 1, 2, 2], [5, 5, 6], [1, 2, 3, 4]):
        image = torch.tensor(ids)
        for wrong in ("next", "random"):
            assert (image[wrong_pairs(image, wrong)] != image).all()
    assert wrong_pairs(torch.tensor([1, 2, 3]), "next").tolist() == [1, 2, 0]


def test_random_wrong_pairs_are_any_others():
    torch.manual_seed(0)
    seen = torch.stack([wrong_pairs(torch.arange(5), "random") for _ in range(100)])
    assert all(set(seen[:, row].tolist()) == set(range(5)) - {row} for row in range(5))
    assert wrong_pairs(torch.tensor([7]), "random").tolist() == [0]


def test_the_first_images_of_a_split(data):
    whole = read_split(data / "tokens.h5", data / "features.h5", "val", torch.device("cpu"))
    part = whole.first(4)
    assert whole.first(None) is whole and whole.first(6) is whole
    assert part.imgid.tolist() == whole.imgid[:4].tolist() and torch.equal(part.features, whole.features[:4])
    kept = np.flatnonzero(whole.caption_image.numpy() < 4)
    assert 0 < len(kept) < len(whole.sentid) and part.sentid.tolist() == whole.sentid[kept].tolist()
    assert torch.equal(part.tokens, whole.tokens[kept]) and torch.equal(part.lengths, whole.lengths[kept])
    assert torch.equal(part.caption_image, whole.caption_image[kept])
