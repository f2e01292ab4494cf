"""The image-to-text objective: what it trains, when its loss is self-critical, what its reward is."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import taken

from gxn.datasets.words import EOS, PAD
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.training.captioning import Captioning, Mixed, build_rewards, greedy_captions, with_end
from gxn.training.data import Split, read_split

CPU = torch.device("cpu")
GROUNDS = {"joint": {"lr_grounded_image": 0.02}}


@pytest.fixture
def split(data) -> Split:
    return read_split(data / "tokens.h5", data / "features.h5", "train", CPU)


def captioning(data: Path, split: Split, *changes: dict, stage: str = "joint") -> Captioning:
    torch.manual_seed(0)
    settings = taken(stage, "captions" if stage == "joint" else "two_space", *changes)
    sizes = EncoderSizes.of(settings.model, split.features.shape[1], len(split.words))
    encoders = Encoders(settings.encoder, sizes)
    decoder = CaptionDecoder.of(settings.model, len(split.words))
    rewards = build_rewards(data / "tokens.h5", settings.captioning, data / "frequencies.h5")
    return Captioning(encoders, decoder, settings.captioning, *rewards)


def moved_by(objective: Captioning, split: Split, updates: int = 2) -> set[str]:
    """Names of the parameters that some updates change."""
    before = {
        f"{name}.{key}": value.clone()
        for name, module in objective.modules.items()
        for key, value in module.state_dict().items()
    }
    objective.start_epoch(0)
    for batch in list(split.batches(8, 0, 0))[:updates]:
        objective.step(batch)
    return {
        f"{name}.{key}"
        for name, module in objective.modules.items()
        for key, value in module.state_dict().items()
        if not torch.equal(value, before[f"{name}.{key}"])
    }


def test_a_caption_ends_with_an_end():
    tokens = torch.tensor([[5, 6, 7], [5, PAD, PAD]])
    assert with_end(tokens).tolist() == [[5, 6, 7, EOS], [5, EOS, PAD, PAD]]


@pytest.mark.parametrize(
    ("before", "expected"), [(0, [0, 0, 0.05, 0.05, 0.25]), (8, [0.05, 0.1, 0.1, 0.15, 0.25])]
)
def test_scheduled_sampling_rises_over_the_stages(data, split, before, expected):
    increase = {"scheduled_sampling_every": 5, "scheduled_sampling_increase": 0.05}
    stage, epochs = ("pretrain_scst", before) if before else ("pretrain_xe", 1)
    changes = {"captioning": increase, "pretrain_xe": {"epochs": epochs}}
    objective, found = captioning(data, split, changes, stage=stage), []
    for epoch in (0, 4, 5, 7, 30):
        objective.start_epoch(epoch)
        found.append(objective.sampling)
    assert found == pytest.approx(expected)


def test_captions_reach_the_decoder_and_the_grounded_image_map_alone(data, split):
    names = moved_by(captioning(data, split, GROUNDS), split)
    assert {name for name in names if name.startswith("encoders.")} == {
        "encoders.image.grounded.weight",
        "encoders.image.grounded.bias",
    }
    assert any(name.startswith("decoder.") for name in names)


def test_a_grounding_rate_of_zero_leaves_the_encoders(data, split):
    names = moved_by(captioning(data, split), split)
    assert names and not any(name.startswith("encoders.") for name in names)


def test_grounding_falls_with_ranking_and_the_decoder_does_not(data, split):
    objective, found = captioning(data, split, GROUNDS, {"joint": {"lr_decay_epoch": 2}}), []
    for epoch in range(4):
        objective.start_epoch(epoch)
        found.append(
            [objective.optimizers[name].param_groups[0]["lr"] for name in ("ground_image", "decoder")]
        )
    assert [each[0] for each in found] == pytest.approx([0.02, 0.02, 0.002, 0.002])
    assert {each[1] for each in found} == {0.01}


@pytest.mark.parametrize(("interval", "expected"), [(1, [1, 1, 1, 1]), (3, [1, 0, 0, 1])])
def test_one_update_in_so_many_is_self_critical(data, split, interval, expected):
    objective = captioning(data, split, {"captioning": {"scst_interval": interval}})
    for _ in range(2):  # counted anew in each epoch
        objective.start_epoch(0)
        found = ["reward" in objective.step(batch) for batch in split.batches(8, 0, 0)]
        assert found == [bool(each) for each in expected]


def test_without_a_share_of_it_none_is(data, split):
    objective = captioning(data, split, stage="pretrain_xe")
    objective.start_epoch(0)
    assert set(objective.step(split.batch(torch.arange(8)))) == {"xe_loss"}


def test_the_cross_entropy_is_a_mean_over_words(data, split):
    objective, batch = captioning(data, split, stage="pretrain_xe"), split.batch(torch.arange(8))
    targets = with_end(batch.tokens)
    with torch.no_grad():
        grounded = objective.encoders.image_space(batch.features, "grounded")
        log_probs = objective.decoder(grounded, targets)
    words = targets != PAD
    objective.start_epoch(0)
    assert float(objective.step(batch)["xe_loss"]) == pytest.approx(-float(log_probs[words].mean()), rel=1e-5)


def test_captions_are_learnt(data, split):
    objective = captioning(data, split, stage="pretrain_xe")
    objective.start_epoch(0)
    losses = [float(objective.step(batch)["xe_loss"]) for _ in range(20) for batch in split.batches(8, 0, 0)]
    assert losses[-1] < 0.8 * losses[0]


def test_dropout_is_a_setting_of_training_and_leaves_validation_alone(data, split):
    objective = captioning(data, split, {"captioning": {"dropout": 0.5}}, stage="pretrain_xe")
    objective.decoder.train()
    objective.start_epoch(0)
    batch = split.batch(torch.arange(8))
    grounded, targets = objective.encoders.image_space(batch.features, "grounded"), with_end(batch.tokens)
    assert not torch.equal(objective.decoder(grounded, targets), objective.decoder(grounded, targets))
    objective.decoder.eval()
    assert torch.equal(objective.decoder(grounded, targets), objective.decoder(grounded, targets))
    assert objective.decoder.dropout.p == 0.5


def test_the_reward_is_the_weighted_sum(data):
    images, captions = np.arange(12), np.random.default_rng(0).integers(3, 8, (12, 5))
    found = {}
    for weights in ((1.0, 0.0), (0.0, 1.0), (0.5, 2.0)):
        own = dict(zip(("ciderd_weight", "bleu4_weight"), weights, strict=True))
        settings = taken("joint", "captions", {"captioning": own}).captioning
        reward, _ = build_rewards(data / "tokens.h5", settings, data / "frequencies.h5")
        found[weights] = reward.score(images, captions)
    assert found[1.0, 0.0].any() and found[0.0, 1.0].any()
    np.testing.assert_allclose(found[0.5, 2.0], 0.5 * found[1.0, 0.0] + 2 * found[0.0, 1.0])


def test_a_sum_of_rewards_is_that_of_its_parts():
    class Constant:
        def __init__(self, value: float) -> None:
            self.value = value

        def score(self, image_index: np.ndarray, hypotheses: np.ndarray) -> np.ndarray:
            return np.full(len(image_index), self.value)

    mixed = Mixed([(2.0, Constant(3.0)), (0.5, Constant(4.0))])
    assert mixed.score(np.arange(2), np.zeros((2, 1), int)).tolist() == [8.0, 8.0]


def test_greedy_captions_are_the_decoders_of_each_image(data, split):
    objective = captioning(data, split)
    rows, captions = greedy_captions(objective.encoders, objective.decoder, split.features, 6)
    grounded = objective.encoders.image_space(split.features, "grounded")
    assert rows.tolist() == list(range(12))
    assert np.array_equal(captions, objective.decoder.greedy(grounded, 6).detach().numpy())


class TestValidation:
    @pytest.fixture
    def val(self, data) -> Split:
        return read_split(data / "tokens.h5", data / "features.h5", "val", CPU)

    @torch.no_grad()
    def test_the_cross_entropy_is_a_mean_over_all_words_whatever_the_batch(self, data, split, val):
        objective = captioning(data, split)
        whole, parts = objective.validate(val), objective.validate(val, batch=5)
        assert whole["val_xe_loss"] == pytest.approx(parts["val_xe_loss"])
        assert whole["val_xe_loss"] > 0

    @torch.no_grad()
    def test_cider_d_is_against_the_references_of_the_validation_split(self, data, split, val):
        objective = captioning(data, split)
        rows, captions = greedy_captions(objective.encoders, objective.decoder, val.features, 6)
        expected = objective.val_reward.score(rows, captions).mean()
        assert objective.validate(val)["val_cider_d"] == pytest.approx(float(expected))
