"""Pixels in batches, crops that depend on nothing but the caption, a CNN whose statistics stay."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from gxn.config import parse
from settings import ENCODER, MATCH, MODEL

from gxn.datasets.captions import Record
from gxn.datasets.tokens import Captions
from gxn.errors import GxnError
from gxn.features.cnn import MEAN, STD
from gxn.features.extract import FeaturesConfig
from gxn.losses.ranking import ranking_loss
from gxn.models.encoders import EncoderConfig, Encoders, EncoderSizes
from gxn.training.data import make_split
from gxn.training.distributed import Processes
from gxn.training.finetuning import Finetuning, FinetuningConfig, Frozen
from gxn.training.images import Crops, ImageSplit
from gxn.training.matching import MatchingConfig

CPU = torch.device("cpu")
FEATURES = FeaturesConfig(None, "1C", 12, "float32", "float32", 4)


@dataclass(frozen=True)
class Painted:
    """Images of one colour each, which is their id."""

    def read(self, record):
        return np.full((16, 20, 3), record.imgid, np.uint8)

    def identity(self, records):
        return [record.imgid for record in records]


class Noisy(Painted):
    """Images that differ, so that gradients of pairs do not cancel."""

    def read(self, record):
        return np.random.default_rng(record.imgid).integers(0, 256, (16, 20, 3), np.uint8)


def image_split(count=1, rank=0, smallest=0.3):
    images, lengths = np.repeat(np.arange(6), 2), np.array([3, 5, 2, 4, 1, 6, 3, 2, 5, 4, 2, 3])
    random = np.random.default_rng(1)
    captions = Captions(
        random.integers(3, 9, lengths.sum()).astype(np.int32), np.concatenate([[0], np.cumsum(lengths)]),
        np.arange(6) + 10, images, np.arange(12), tuple("abcdefghi"), "",
    )  # fmt: skip
    split = make_split(captions, torch.empty((6, 0)), "train", CPU)
    records = tuple(Record(f"{i}.png", i, "train", ()) for i in captions.imgid.tolist())
    return ImageSplit(
        **vars(split), records=records, source=Painted(), crops=Crops(12, smallest, True),
        processes=Processes(count, rank, CPU),
    )  # fmt: skip


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 6, 3, stride=2), torch.nn.BatchNorm2d(6), torch.nn.ReLU(),
            torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Dropout(),
        )  # fmt: skip

    def forward(self, images):
        return self.layers(images)


def path(**changes):
    torch.manual_seed(0)
    encoder = parse(EncoderConfig, ENCODER | changes, "encoder")
    sizes = EncoderSizes(6, 9, MODEL["word"], MODEL["hidden"], MODEL["joint"])
    config = FinetuningConfig(1e-3, parse(MatchingConfig, MATCH | {"decay_epoch": 1}, "match"))
    return Finetuning(Net(), Encoders(encoder, sizes), config, FEATURES, Processes(1, 0, CPU))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_shares_of_all_processes_are_the_batch(count):
    whole = list(image_split().batches(8, 0, 0))
    parts = [list(image_split(count, rank).batches(8, 0, 0)) for rank in range(count)]
    for step, batch in enumerate(whole):
        assert batch.features.shape == (8, 3, 12, 12) and batch.features.dtype == torch.uint8
        assert (batch.features[:, 0, 0, 0] - 10 == batch.image).all()
        assert torch.equal(torch.cat([part[step].features for part in parts]), batch.features)
        assert all(torch.equal(part[step].tokens, batch.tokens) for part in parts)


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(GxnError, match=r"training\.batch: 8 pairs .* 3 processes"):
        next(image_split(3, 0).batches(8, 0, 0))


def test_crops_are_random_parts_of_the_asked_size():
    pixels = np.arange(30 * 40 * 3, dtype=np.uint32).reshape(30, 40, 3).astype(np.uint8)
    crops = Crops(12, 0.1, False)
    seen = [crops(pixels, np.random.default_rng(seed)) for seed in range(8)]
    assert all(crop.shape == (12, 12, 3) and crop.dtype == np.uint8 for crop in seen)
    assert len({crop.tobytes() for crop in seen}) == 8
    assert np.array_equal(seen[3], crops(pixels, np.random.default_rng(3)))
    mirrored = [Crops(12, 0.1, True)(pixels, np.random.default_rng(seed)) for seed in range(8)]
    flipped = [np.array_equal(a, b[:, ::-1]) for a, b in zip(seen, mirrored, strict=True)]
    assert 0 < sum(flipped) < 8
    assert all(f or np.array_equal(a, b) for f, a, b in zip(flipped, seen, mirrored, strict=True))


def test_the_areas_of_crops_are_those_asked_for():
    random, crops = np.random.default_rng(0), Crops(12, 0.5, False)
    boxes = np.array([crops._box(100, 200, random) for _ in range(300)])
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) / 20000
    assert 0.49 < areas.min() < 0.52 and areas.max() <= 1
    assert (boxes >= 0).all() and (boxes <= [200, 100, 200, 100]).all()
    # so long a picture holds no such part: the middle square then
    assert crops._box(10, 100, random) == (45, 0, 55, 10)


@pytest.mark.parametrize("smallest", [0, -1, 1.5])
def test_an_impossible_share_is_refused(smallest):
    with pytest.raises(GxnError, match=r"finetune\.smallest"):
        Crops(12, smallest, True)


def test_the_cnn_learns_but_its_statistics_stay():
    tuned = path()
    before = {name: value.clone() for name, value in tuned.cnn.state_dict().items()}
    tuned.start_epoch(0)
    for module in tuned.modules.values():
        module.train()
    assert tuned.encoders.training and not any(module.training for module in tuned.cnn.modules())
    for batch in image_split().batches(8, 0, 0):
        tuned.step(batch)
    after = tuned.cnn.state_dict()
    changed = {
        name.rsplit(".", 1)[1] for name, value in after.items() if not torch.equal(value, before[name])
    }
    assert changed == {"weight", "bias"}


def test_the_cnn_has_a_rate_of_its_own_that_falls_with_the_encoders():
    tuned = path()
    tuned.start_epoch(0)
    assert [group["lr"] for group in tuned.optimizer.param_groups] == pytest.approx([0.01, 1e-3])
    tuned.start_epoch(1)
    assert [group["lr"] for group in tuned.optimizer.param_groups] == pytest.approx([0.001, 1e-4])
    held = [id(each) for group in tuned.optimizer.param_groups for each in group["params"]]
    assert len(set(held)) == len(held) == len([*tuned.encoders.parameters(), *tuned.cnn.parameters()])


def test_a_step_goes_along_the_gradient_of_the_ranking_loss():
    tuned, batch = path(), next(image_split().batches(8, 0, 0))
    tuned.config = replace(tuned.config, clip=1e9)
    pixels = (batch.features / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    images = tuned.encoders.images(tuned.cnn.cnn(pixels))
    texts = tuned.encoders.texts(batch.tokens, batch.lengths)
    below = zip(tuned.encoders.config.weights, images, texts, strict=True)
    scores = sum(-w * (t[None] - v[:, None]).clamp(min=0).square().sum(2) for w, v, t in below)
    loss = ranking_loss(scores, batch.image, ENCODER["margin"], "sum")
    expected = torch.autograd.grad(loss, list(tuned.cnn.parameters()))
    assert float(tuned.step(batch)["ranking_loss"]) == pytest.approx(loss.item() / 8)
    for parameter, gradient in zip(tuned.cnn.parameters(), expected, strict=True):
        assert gradient.abs().max() > 0
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-3, atol=1e-5)


def test_frozen_gives_floats_and_ignores_train():
    frozen = Frozen(Net()).train()
    pixels = torch.zeros((2, 3, 12, 12), dtype=torch.uint8)
    assert not frozen.training and frozen(pixels).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert frozen(pixels).dtype == torch.float32


def test_a_step_in_half_precision_goes_the_same_way():
    """By the cosine, since a component that the order similarity mirrors may change sign by rounding."""
    batch, moved = next(replace(image_split(), source=Noisy()).batches(8, 0, 0)), []
    for half in (False, True):
        tuned = path(similarity="cosine", margin=0.2)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = tuned.step(batch)["ranking_loss"]
        groups = tuned.optimizer.param_groups
        moved.append([loss, *(torch.cat([p.grad.flatten() for p in each["params"]]) for each in groups)])
    assert moved[0][0] != moved[1][0] and moved[1][0].item() == pytest.approx(moved[0][0].item(), rel=0.01)
    for full, half in zip(moved[0][1:], moved[1][1:], strict=True):
        assert torch.cosine_similarity(full, half, 0) > 0.95
