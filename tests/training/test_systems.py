"""The objectives of ACMR and Corr-AE on a few pairs."""

import numpy as np
import pytest
import torch

from gxn.configuration.networks import EncoderSettings
from gxn.configuration.section import parse
from gxn.configuration.stage_settings import RankingSettings
from gxn.configuration.systems import Adversarial as AdversarialSettings
from gxn.configuration.systems import Cca
from gxn.configuration.systems import Correspondence as CorrespondenceSettings
from gxn.errors import GxnError
from gxn.evaluation.retrieval_map import precision
from gxn.losses.correspondence import tie
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.training.adversarial import Adversarial
from gxn.training.correspondence import Correspondence
from gxn.training.data import Split
from gxn.training.matching import Matching

ENCODER = parse(
    EncoderSettings,
    {
        "spaces": ["grounded"],
        "similarity": "cosine",
        "abstract_weight": 0.5,
        "normalise": True,
        "absolute": True,
        "abstract_pooling": {"kind": "mean"},
        "grounded_pooling": {"kind": "mean"},
        "word_embeddings": "shared",
        "same_image_negatives": False,
        "each_space_weight": 0.0,
        "drop_features": 0.0,
        "drop_words": 0.0,
        "drop_states": 0.0,
    },
    "encoder",
)
RANKING = parse(
    RankingSettings,
    {
        "loss": {"kind": "hinge", "margin": 0.2},
        "learning_rate": 0.01,
        "lr_decay_epoch": None,
        "max_grad_norm": 2.0,
    },
    "ranking",
)
IMAGES, WORDS, TOPICS = 40, 24, 5


@pytest.fixture
def split():
    """Images of five topics, two captions each, of words that name topic and image."""
    rng = np.random.default_rng(0)
    topic = np.arange(IMAGES) % TOPICS
    features = np.eye(TOPICS)[topic] + 0.3 * rng.normal(size=(IMAGES, TOPICS))
    features = np.c_[features, np.eye(IMAGES)[:, ::4] * 2]
    owner = np.repeat(np.arange(IMAGES), 2)
    tokens = np.stack([4 + topic[owner], 4 + TOPICS + owner % 15, rng.integers(4, WORDS, len(owner))], 1)
    return Split(
        name="train",
        features=torch.tensor(features, dtype=torch.float32),
        tokens=torch.tensor(tokens),
        lengths=torch.full((len(owner),), 3),
        caption_image=torch.tensor(owner),
        imgid=np.arange(IMAGES),
        sentid=np.arange(len(owner)),
        words=tuple(f"w{number}" for number in range(WORDS)),
    )


@pytest.fixture
def labels():
    return torch.eye(TOPICS, dtype=torch.uint8).repeat(IMAGES // TOPICS, 1)


def encoders(split):
    torch.manual_seed(0)
    widths = {"feature_dim": split.features.shape[1], "vocab_size": WORDS}
    return Encoders(ENCODER, EncoderSizes(**widths, embed_dim=8, text_hidden=12, joint_dim=16))


def train(objective, split, epochs=4, steps=10):
    found = []
    for epoch in range(epochs):
        objective.start_epoch(epoch)
        found += [objective.step(batch) for batch in split.batches(8, 0, epoch)]
    return found


def adversarial(split, labels, several=False, **settings):
    own = parse(AdversarialSettings, settings, "adversarial")
    objective = Adversarial(encoders(split), RANKING, own, labels, several, split, 4 * split.steps(8))
    objective.begin(RANKING, 4, split.steps(8))
    return objective


def same(one, two):
    return all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    )


def test_without_labels_and_adversary_it_is_the_ranking_update(split, labels):
    plain = Matching(encoders(split), RANKING)
    both = adversarial(split, labels, label_weight=0.0, adversary_weight=0.0)
    train(plain, split)
    train(both, split)
    assert same(plain.encoders, both.encoders) and not same(plain.encoders, encoders(split))


@pytest.mark.parametrize("as_published", [False, True])
def test_encoders_classifier_and_discriminator_learn(split, labels, as_published):
    objective = adversarial(split, labels, as_published=as_published)
    before = {
        name: [p.detach().clone() for p in each.parameters()] for name, each in objective.modules.items()
    }
    losses = train(objective, split, epochs=4)
    for name in ("encoders", "label_classifier", "discriminator"):
        now = objective.modules[name].parameters()
        assert not any(torch.equal(a, b) for a, b in zip(before[name], now, strict=True)), name
    assert losses[-1]["label_loss"] < losses[0]["label_loss"]
    assert {"distance_loss" if as_published else "ranking_loss", "label_loss", "modality_loss"} < {*losses[0]}
    with torch.no_grad():
        images = objective.encoders.images(split.features)[0]
    accuracy = (objective.classifier(images).argmax(1) == labels.argmax(1)).float().mean()
    assert accuracy > 0.8


def label_map(objective, split, labels):
    """Mean average precision of captions found by images, over true labels."""
    (images,), (texts,) = objective.embed(split)
    relevant = (labels @ labels[split.caption_image].T).numpy() > 0
    return precision((images @ texts.T).numpy(), relevant).average.mean()


def test_labels_that_are_permuted_help_no_more_than_none(split, labels):
    found = {}
    mixed = labels[torch.randperm(IMAGES, generator=torch.Generator().manual_seed(0))]
    for name, given, weight in (("true", labels, 2.0), ("permuted", mixed, 2.0), ("none", labels, 0.0)):
        objective = adversarial(split, given, label_weight=weight, adversary_weight=0.0)
        train(objective, split)
        found[name] = label_map(objective, split, labels)
    assert found["permuted"] < found["none"] < found["true"]


def test_the_adversary_does_not_move_the_encoders_at_the_start(split, labels):
    """The gradient reversal has strength 0 at the first update."""
    found = []
    for weight in (0.0, 2.0):
        objective = adversarial(split, labels, adversary_weight=weight)
        objective.start_epoch(0)
        objective.step(next(split.batches(8, 0, 0)))
        found.append(objective.encoders)
    assert same(*found)


def test_a_game_that_has_ended_leaves_discriminator_and_encoders_alone(split, labels):
    objective = adversarial(split, labels)
    objective.guard.stopped.fill_(True)
    before = [each.detach().clone() for each in objective.discriminator.parameters()]
    losses = train(objective, split, epochs=1)
    assert all(torch.equal(a, b) for a, b in zip(before, objective.discriminator.parameters(), strict=True))
    assert "modality_loss" not in losses[0]


def test_the_published_margin_is_bounded_by_the_distances_at_the_start(split, labels):
    assert 0 < adversarial(split, labels, margin=1.2).margin < 1.2
    assert adversarial(split, labels, margin=0.01).margin == 0.01


def test_several_labels_and_none(split):
    some = torch.zeros(IMAGES, 3, dtype=torch.uint8)
    some[::2, 0] = some[::3, 1] = 1
    losses = train(adversarial(split, some, several=True, as_published=True), split)
    assert all(torch.isfinite(value) for each in losses for value in each.values())


@pytest.mark.parametrize("kind", ["plain", "cross", "full"])
def test_corr_ae_learns_to_retrieve(split, kind):
    objective = Correspondence(
        encoders(split), RANKING, CorrespondenceSettings(reconstructs=kind), 0.5, split
    )
    begun = objective.validate(split)["val_rsum"]
    losses = train(objective, split, epochs=12)
    assert losses[-1]["correspondence_loss"] < losses[0]["correspondence_loss"]
    assert objective.validate(split)["val_rsum"] > begun + 50


def test_corr_ae_leaves_the_maps_into_the_joint_space_alone(split):
    objective = Correspondence(encoders(split), RANKING, CorrespondenceSettings(), 0.5, split)
    train(objective, split, epochs=1)
    untouched = encoders(split)
    assert same(objective.encoders.image, untouched.image) and same(objective.encoders.text, untouched.text)
    assert not same(objective.encoders.rnn, untouched.rnn)


def test_corr_ae_embeddings_are_unit_and_centred_on_training_codes(split):
    objective = Correspondence(encoders(split), RANKING, CorrespondenceSettings(), 0.5, split)
    (images,), (texts,) = objective.embed(split)
    for each in (images, texts):
        assert torch.allclose(each.norm(dim=1), torch.ones(len(each)), atol=1e-5)
    codes = objective.autoencoder.encode_images(split.features)
    assert torch.allclose(codes.mean(0), objective.autoencoder.image_centre, atol=1e-5)


def test_codes_that_do_not_vary_are_an_error():
    with pytest.raises(GxnError, match="give the row smaller alphas"):
        tie(torch.full((4, 3), 0.5), torch.full((4, 3), 0.5))


def test_sections_have_defaults_and_bounds():
    for section in (Cca, CorrespondenceSettings, AdversarialSettings):
        assert parse(section, section().model_dump(mode="json"), "config") == section()
    with pytest.raises(GxnError, match=r"cca: image_ridges"):
        parse(Cca, {"image_ridges": [-1.0]}, "cca")
    with pytest.raises(GxnError, match=r"correspondence: alphas"):
        parse(CorrespondenceSettings, {"alphas": [1.5]}, "correspondence")
