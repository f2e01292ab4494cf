"""The ranking objective: its loss by the formula, its rate, its validation."""

import pytest
import torch
from oracle import order_scores, recalls
from tiny import taken

from gxn.models.encoders import Encoders, EncoderSizes
from gxn.training.data import Batch, Split, read_split
from gxn.training.matching import Matching, embed

CPU = torch.device("cpu")


@pytest.fixture
def split(data) -> Split:
    return read_split(data / "tokens.h5", data / "features.h5", "train", CPU)


def matching(split: Split, *changes: dict) -> Matching:
    torch.manual_seed(0)
    settings = taken("joint", "plain", *changes)
    sizes = EncoderSizes.of(settings.model, split.features.shape[1], len(split.words))
    return Matching(Encoders(settings.encoder, sizes), settings.ranking)


def by_formula(
    objective: Matching, batch: Batch, negative: torch.Tensor, weights=(0.5, 0.5), margin: float = 0.05
) -> float:
    """Hinges of the violation of the order in both spaces, summed over `negative` bool (B, B)."""
    images = objective.encoders.images(batch.features)
    texts = objective.encoders.texts(batch.tokens, batch.lengths)
    scores = order_scores(images, texts, weights).detach()
    hinges = [(margin - scores.diagonal()[own] + scores).clamp(min=0) for own in ((..., None), (None,))]
    return sum(float(hinge[negative].sum()) for hinge in hinges)


def test_the_loss_is_that_of_the_formula_per_pair(split):
    objective, batch = matching(split), split.batch(torch.arange(6))
    other = batch.image[:, None] != batch.image
    expected = by_formula(objective, batch, other) / 6
    assert float(objective.step(batch)["ranking_loss"]) == pytest.approx(expected, rel=1e-4)


def test_captions_of_the_same_image_are_negatives_only_where_it_is_said(split):
    objective = matching(split, {"retrieval": {"same_image_negatives": True}})
    batch = split.batch(torch.arange(6))  # three captions of each of two images
    expected = by_formula(objective, batch, ~torch.eye(6, dtype=torch.bool)) / 6
    assert float(objective.step(batch)["ranking_loss"]) == pytest.approx(expected, rel=1e-4)


def test_each_space_alone_has_its_share_of_the_loss(split):
    objective, batch = (
        matching(split, {"retrieval": {"each_space_weight": 0.5}}),
        split.batch(torch.arange(6)),
    )
    other = batch.image[:, None] != batch.image
    both, *alone = (by_formula(objective, batch, other, each) for each in ((0.5, 0.5), (1, 0), (0, 1)))
    expected = (both + 0.5 * sum(alone)) / 6
    assert float(objective.step(batch)["ranking_loss"]) == pytest.approx(expected, rel=1e-4)


def test_the_loss_is_the_configured_one(split):
    hardest = matching(split, {"methods": {"plain": {"loss": {"kind": "hardest", "margin": 0.05}}}})
    batch = split.batch(torch.arange(6))
    assert float(hardest.step(batch)["ranking_loss"]) < float(matching(split).step(batch)["ranking_loss"])


def test_the_embeddings_that_are_given_are_those_that_are_matched(split):
    objective, batch = matching(split), split.batch(torch.arange(6))
    images, texts = (
        objective.encoders.images(batch.features),
        objective.encoders.texts(batch.tokens, batch.lengths),
    )
    expected = float(objective.ranking_loss(images, texts, batch).detach()) / 6
    assert float(objective.match(images, texts, batch)["ranking_loss"]) == pytest.approx(expected)


def test_an_update_moves_all_parameters_of_the_encoders(split):
    objective = matching(split)
    before = {name: value.clone() for name, value in objective.encoders.state_dict().items()}
    objective.step(split.batch(torch.arange(8)))
    after = objective.encoders.state_dict()
    assert {name for name in before if torch.equal(before[name], after[name])} == set()


def test_the_rate_falls_to_a_tenth(split):
    objective = matching(split, {"joint": {"learning_rate": 0.5, "lr_decay_epoch": 2}})
    found = []
    for epoch in range(4):
        objective.start_epoch(epoch)
        found.append(objective.optimizer.param_groups[0]["lr"])
    assert found == pytest.approx([0.5, 0.5, 0.05, 0.05])


def test_all_are_embedded_whatever_the_batch(split):
    encoders = matching(split).encoders.eval()
    whole, parts = embed(encoders, split), embed(encoders, split, batch=5)
    for one, two in zip([*whole[0], *whole[1]], [*parts[0], *parts[1]], strict=True):
        torch.testing.assert_close(one, two)


def test_captions_are_embedded_in_their_order(split):
    encoders = matching(split).encoders.eval()
    with torch.no_grad():
        alone = [encoders.texts(split.tokens[[row]], split.lengths[[row]]) for row in (0, 7)]
    for space, found in enumerate(embed(encoders, split)[1]):
        for row, expected in zip((0, 7), alone, strict=True):
            torch.testing.assert_close(found[[row]], expected[space])


def test_validation_is_recall_of_the_mixed_score(split):
    objective = matching(split)
    images, texts = embed(objective.encoders.eval(), split)
    expected = recalls(order_scores(images, texts).numpy(), split.caption_image.numpy())
    found = objective.validate(split)
    assert found["val_i2t_r10"] == pytest.approx(expected["i2t"]["r10"])
    assert found["val_t2i_r10"] == pytest.approx(expected["t2i"]["r10"])
    assert found["val_rsum"] == pytest.approx(sum(sum(each.values()) for each in expected.values()))


def test_a_loss_with_weights_of_its_own_is_trained_and_kept(split):
    objective = matching(
        split, {"encoders": {"two_space": {"loss": {"kind": "infonce_learnt"}, "similarity": "cosine"}}}
    )
    before = float(objective.loss.log_scale)
    objective.step(split.batch(torch.arange(6)))
    assert float(objective.loss.log_scale) != before
    assert list(objective.modules) == ["encoders", "loss"]
