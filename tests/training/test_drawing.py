"""The text-to-image objective: mismatched pairs, what each update trains, the layout of memory."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from edits import edited
from tiny import taken

from gxn.errors import GxnError
from gxn.hdf5 import create_hdf5
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.training import drawing as module
from gxn.training.data import Split, read_split
from gxn.training.drawing import Drawing, build_drawing_networks, mismatched_pairs, read_gan_images, to_unit

CPU = torch.device("cpu")
GROUNDS = {"joint": {"lr_grounded_text": 0.02}}


@pytest.fixture
def split(data) -> Split:
    return read_split(data / "tokens.h5", data / "features.h5", "train", CPU)


def drawing(data: Path, split: Split, *changes: dict) -> Drawing:
    torch.manual_seed(0)
    settings = taken("joint", "draws", *changes)
    sizes = EncoderSizes.of(settings.model, split.features.shape[1], len(split.words))
    images = read_gan_images(data / "gan_images.h5", split)
    networks = build_drawing_networks(settings.model, images.shape[-1], CPU)
    return Drawing(Encoders(settings.encoder, sizes), **networks, settings=settings.drawing, images=images)


def moved_by(objective: Drawing, split: Split, updates: int = 2) -> dict[str, set[str]]:
    """Names of the parameters that some updates change, by network."""
    before = {
        name: {key: value.clone() for key, value in network.named_parameters()}
        for name, network in objective.modules.items()
    }
    objective.start_epoch(0)
    for batch in list(split.batches(8, 0, 0))[:updates]:
        objective.step(batch)
    return {
        name: {key for key, value in network.named_parameters() if not torch.equal(value, before[name][key])}
        for name, network in objective.modules.items()
    }


class TestMismatchedPairs:
    @pytest.mark.parametrize("ids", [[0, 0, 0, 1, 2, 2], [5, 5, 6], [1, 2, 3, 4]])
    @pytest.mark.parametrize("kind", ["next", "random"])
    def test_they_are_of_other_images(self, ids, kind):
        image = torch.tensor(ids)
        assert (image[mismatched_pairs(image, kind)] != image).all()

    def test_next_is_the_next(self):
        assert mismatched_pairs(torch.tensor([1, 2, 3]), "next").tolist() == [1, 2, 0]

    def test_random_is_any_other(self):
        torch.manual_seed(0)
        found = torch.stack([mismatched_pairs(torch.arange(5), "random") for _ in range(100)])
        assert all(set(found[:, row].tolist()) == set(range(5)) - {row} for row in range(5))

    @pytest.mark.parametrize("kind", ["next", "random"])
    def test_a_pair_alone_is_its_own(self, kind):
        assert mismatched_pairs(torch.tensor([7]), kind).tolist() == [0]

    def test_where_all_are_of_one_image_the_next_stands_in(self):
        assert mismatched_pairs(torch.tensor([7, 7, 7]), "next").tolist() == [1, 2, 0]


def test_pixels_lie_between_minus_one_and_one():
    assert to_unit(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1.0, 1.0]


class TestUpdates:
    def test_the_networks_of_drawing_all_move(self, data, split):
        found = moved_by(drawing(data, split), split)
        assert all(found[name] for name in ("augmentation", "generator", "discriminator"))

    def test_a_grounding_rate_of_zero_leaves_the_encoders(self, data, split):
        assert moved_by(drawing(data, split), split)["encoders"] == set()

    def test_drawings_reach_the_grounded_text_encoder_alone(self, data, split):
        objective = drawing(data, split, GROUNDS)
        grounded = {id(each) for each in objective.encoders.text_parameters("grounded")}
        names = {name for name, each in objective.encoders.named_parameters() if id(each) in grounded}
        assert moved_by(objective, split)["encoders"] == names
        assert not any("abstract" in name or "image" in name for name in names)

    @pytest.mark.parametrize("reads", ["text", "mean"])
    @pytest.mark.parametrize("grounds", [False, True])
    def test_the_discriminator_shapes_the_text_encoder_only_where_it_is_said(
        self, data, split, monkeypatch, grounds, reads
    ):
        """The generator's loss is left out, so that what moves was moved by the discriminator's."""
        monkeypatch.setattr(module, "generator_loss", lambda judged, *_: 0 * judged.sum())
        changes = {
            "model": {"discriminator_reads": reads},
            "drawing": {
                "discriminator_grounds": grounds,
                "kl_weight": 0.0,
                "contrastive_g": 0.0,
                "adversarial": "logistic",
            },
        }
        objective = drawing(data, split, GROUNDS, changes)
        found = moved_by(objective, split)
        assert ("text.grounded.weight" in found["encoders"]) == grounds
        assert not any("abstract" in name or "image" in name for name in found["encoders"])
        assert found["discriminator"]

    def test_losses_are_named(self, data, split):
        objective = drawing(data, split)
        found = objective.step(split.batch(torch.arange(8)))
        contrastive = {"contrastive_real", "contrastive_drawn"}
        assert set(found) == {"discriminator_loss", "generator_loss", "kl"} | contrastive
        assert not any(value.requires_grad for value in found.values())

    def test_grounding_falls_with_ranking_and_the_generator_does_not(self, data, split):
        objective, found = drawing(data, split, GROUNDS, {"joint": {"lr_decay_epoch": 2}}), []
        for epoch in range(4):
            objective.start_epoch(epoch)
            names = ("ground_text", "generator", "discriminator")
            found.append([objective.optimizers[name].param_groups[0]["lr"] for name in names])
        assert [each[0] for each in found] == pytest.approx([0.02, 0.02, 0.002, 0.002])
        assert {each[1] for each in found} == {each[2] for each in found} == {0.001}

    @pytest.mark.parametrize("count", [2, 4, 8])
    def test_so_many_pairs_of_a_batch_are_drawn(self, data, split, monkeypatch, count):
        objective = drawing(data, split, {"drawing": {"batch_size": count}})
        seen = []
        forward = objective.generator.forward
        monkeypatch.setattr(
            objective.generator, "forward", lambda given: seen.append(len(given)) or forward(given)
        )
        objective.step(split.batch(torch.arange(8)))
        assert seen == [count]

    def test_after_an_update_the_discriminator_trains_again(self, data, split):
        objective = drawing(data, split)
        objective.step(split.batch(torch.arange(8)))
        assert all(each.requires_grad for each in objective.discriminator.parameters())


class TestMovingAverage:
    def test_what_is_kept_follows_what_is_trained(self, data, split):
        objective = drawing(data, split, {"drawing": {"ema": 0.5}})
        before = objective.kept["generator"].state_dict()
        before = {name: value.clone() for name, value in before.items()}
        objective.step(split.batch(torch.arange(8)))
        after = objective.kept["generator"].state_dict()
        assert any(not torch.equal(before[name], after[name]) for name in before)

    def test_it_is_not_what_is_trained(self, data, split):
        objective = drawing(data, split, {"drawing": {"ema": 0.5}})
        assert objective.kept["generator"] is not objective.generator
        assert objective.kept["discriminator"] is objective.discriminator

    def test_without_a_decay_what_is_trained_is_kept(self, data, split):
        objective = drawing(data, split, {"drawing": {"ema": 0.0}})
        assert objective.kept["generator"] is objective.generator


def test_adam_keeps_the_layout_of_the_drawing_networks(data, split):
    """Its kernel reads memory as it lies: parameters, gradients and moments must lie alike, resumed too."""
    objective = drawing(data, split)
    objective.step(split.batch(torch.arange(8)))
    content = io.BytesIO()
    torch.save({name: each.state_dict() for name, each in objective.optimizers.items()}, content)
    content.seek(0)
    for name, state in torch.load(content, weights_only=True).items():
        objective.optimizers[name].load_state_dict(state)
    channels_last = 0
    for optimizer in objective.optimizers.values():
        for parameter, state in optimizer.state.items():
            for each in (parameter.grad, state["exp_avg"], state["exp_avg_sq"]):
                assert each.stride() == parameter.stride()
            channels_last += not parameter.is_contiguous()
    assert channels_last > 4


class TestImages:
    def test_they_are_joined_by_id_whatever_their_order(self, data, split):
        before = read_gan_images(data / "gan_images.h5", split)
        with edited(data / "gan_images.h5") as file:
            order = np.random.default_rng(1).permutation(24)
            file["images"][:], file["imgid"][:] = file["images"][:][order], file["imgid"][:][order]
        assert torch.equal(read_gan_images(data / "gan_images.h5", split), before)

    def test_a_missing_image_is_named(self, data, split):
        with create_hdf5(data / "few.h5", {}) as file:
            file["images"], file["imgid"] = np.zeros((2, 3, 16, 16), np.uint8), np.array([100, 101])
        with pytest.raises(GxnError, match=r"few\.h5: imgid 102 is missing \(10 of 12\)"):
            read_gan_images(data / "few.h5", split)

    @pytest.mark.parametrize("shape", [(2, 1, 16, 16), (3, 3, 16, 16)])
    def test_images_of_another_shape_are_refused(self, data, split, shape):
        with create_hdf5(data / "odd.h5", {}) as file:
            file["images"], file["imgid"] = np.zeros(shape, np.uint8), np.array([100, 101])
        with pytest.raises(GxnError, match=r"odd\.h5: images must be \(2, 3, S, S\); make it again"):
            read_gan_images(data / "odd.h5", split)


def test_nothing_is_validated(data, split):
    assert drawing(data, split).validate(split) == {}
