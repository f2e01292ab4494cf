"""Splits whose batches carry pixels: random crops, and a share of each batch for each process."""

import numpy as np
import pytest
import torch
from edits import edited
from painted import image_split

from gxn.errors import GxnError
from gxn.files import write_json
from gxn.hdf5 import create_hdf5
from gxn.training.data import read_split
from gxn.training.distributed import Processes
from gxn.training.images import Crops, read_image_split

RANDOM = np.random.default_rng


class TestCrops:
    PIXELS = np.arange(30 * 40 * 3, dtype=np.uint32).reshape(30, 40, 3).astype(np.uint8)
    # red counts columns, green rows: so the pixels of a crop tell where it was cut
    PLACES = np.stack([*np.meshgrid(np.arange(200), np.arange(100)), np.zeros((100, 200), int)], 2).astype(
        np.uint8
    )

    def test_they_have_the_side_asked_for(self):
        found = Crops(12, 0.1, False)(self.PIXELS, RANDOM(0))
        assert found.shape == (12, 12, 3) and found.dtype == np.uint8

    def test_they_are_random(self):
        assert len({Crops(12, 0.1, False)(self.PIXELS, RANDOM(seed)).tobytes() for seed in range(8)}) == 8

    def test_but_for_the_generator_that_is_given(self):
        crops = Crops(12, 0.1, False)
        assert np.array_equal(crops(self.PIXELS, RANDOM(3)), crops(self.PIXELS, RANDOM(3)))

    def test_every_other_one_is_mirrored_where_it_is_asked_for(self):
        plain, mirrored = (
            [Crops(12, 0.1, flip)(self.PIXELS, RANDOM(seed)) for seed in range(8)] for flip in (False, True)
        )
        flipped = [np.array_equal(a, b[:, ::-1]) for a, b in zip(plain, mirrored, strict=True)]
        same = [np.array_equal(a, b) for a, b in zip(plain, mirrored, strict=True)]
        assert 0 < sum(flipped) < 8 and all(f != s for f, s in zip(flipped, same, strict=True))

    def test_the_areas_are_those_asked_for(self):
        random, crops = RANDOM(0), Crops(12, 0.5, False)
        areas = []
        for _ in range(300):
            found = crops(self.PLACES, random).astype(float)
            across = (found[6, -2, 0] - found[6, 1, 0]) / 9 * 12
            down = (found[-2, 6, 1] - found[1, 6, 1]) / 9 * 12
            areas.append(across * down / 20_000)
        # no wider than 4:3, a part of 100 x 200 pixels covers two thirds at most
        assert 0.47 < min(areas) < 0.53 and 0.63 < max(areas) < 0.69

    def test_so_long_an_image_that_it_holds_no_such_part_gives_its_middle_square(self):
        found = Crops(10, 0.5, False)(self.PLACES[:10, :100], RANDOM(0))
        assert np.array_equal(found, self.PLACES[:10, 45:55])


class TestBatches:
    @pytest.mark.parametrize("count", [1, 2, 4])
    def test_the_shares_of_all_processes_are_the_batch(self, count):
        whole = list(image_split().batches(8, 0, 0))
        parts = [list(image_split(count, rank).batches(8, 0, 0)) for rank in range(count)]
        for step, batch in enumerate(whole):
            assert torch.equal(torch.cat([part[step].features for part in parts]), batch.features)
            assert all(torch.equal(part[step].tokens, batch.tokens) for part in parts)

    def test_pixels_are_bytes_of_the_side_asked_for(self):
        batch = next(image_split().batches(8, 0, 0))
        assert batch.features.shape == (8, 3, 12, 12) and batch.features.dtype == torch.uint8

    def test_they_are_of_the_pairs_images(self):
        """An image is painted in its id."""
        batch = next(image_split().batches(8, 0, 0))
        assert (batch.features[:, 0, 0, 0] - 10 == batch.image).all()

    def test_crops_change_from_epoch_to_epoch(self):
        first, second = (next(image_split(noisy=True).batches(12, 0, epoch)) for epoch in (0, 1))
        by_caption = [batch.features[torch.argsort(batch.caption)] for batch in (first, second)]
        assert not torch.equal(*by_caption)

    def test_they_are_the_same_when_an_epoch_is_done_again(self):
        one, two = (next(image_split(noisy=True).batches(12, 0, 3)) for _ in range(2))
        assert torch.equal(one.features, two.features)

    def test_a_batch_that_cannot_be_shared_is_refused(self):
        with pytest.raises(
            GxnError, match=r"^training\.batch_size: 8 pairs cannot be shared evenly by 3 proc"
        ):
            next(image_split(3, 0).batches(8, 0, 0))


def test_the_first_images_come_with_their_records():
    part = image_split().first(4)
    assert [record.imgid for record in part.records] == part.imgid.tolist() == [10, 11, 12, 13]


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_processors_are_shared_among_processes(count):
    assert image_split(count, 0).workers >= 1


class TestRead:
    @pytest.fixture
    def images(self, data):
        """Captions and images of the tiny dataset, in another order than its tokens."""
        order = np.random.default_rng(0).permutation(24)
        sentences = [{"sentid": 0, "tokens": ["a"]}]
        entries = [
            {"filename": f"{row}.png", "imgid": int(100 + row), "split": "train", "sentences": sentences}
            for row in order
        ]
        write_json(data / "captions.json", {"images": entries})
        with create_hdf5(data / "images.h5", {}) as file:
            file["images"] = np.broadcast_to(np.arange(24)[:, None, None, None], (24, 8, 8, 3)).astype(
                np.uint8
            )
            file["imgid"] = np.arange(100, 124)
        return data / "captions.json", data / "images.h5"

    def read(self, data, images):
        one = Processes(1, 0, torch.device("cpu"))
        return read_image_split(data / "tokens.h5", *images, "train", Crops(8, 1.0, False), one)

    def test_records_are_joined_by_id(self, data, images):
        split = self.read(data, images)
        assert [record.imgid for record in split.records] == split.imgid.tolist()

    def test_pixels_are_those_of_the_images(self, data, images):
        batch = next(self.read(data, images).batches(4, 0, 0))
        assert torch.equal(batch.features[:, 0, 0, 0].long(), batch.image)

    def test_captions_are_those_without_pixels(self, data, images):
        plain = read_split(data / "tokens.h5", data / "features.h5", "train", torch.device("cpu"))
        assert torch.equal(self.read(data, images).tokens, plain.tokens)

    def test_other_images_are_another_identity(self, data, images):
        before = self.read(data, images).identity()
        with edited(images[1]) as file:
            file["images"][0, 0, 0, 0] = 99
        assert self.read(data, images).identity() != before

    def test_an_image_without_a_record_is_named(self, data, images):
        write_json(images[0], {"images": [{"filename": "a", "imgid": 100, "split": "train",
                                           "sentences": [{"sentid": 0, "tokens": ["a"]}]}]})  # fmt: skip
        with pytest.raises(GxnError, match=r"captions\.json: imgid 101 is missing \(11 of 12\)"):
            self.read(data, images)
