"""Correspondence autoencoders on planted data: what each kind and each end of alpha learns."""

import pytest
import torch

from gxn.errors import GxnError
from gxn.losses.correspondence import correspondence_loss, reconstruction, tie
from gxn.models.autoencoder import CorrespondenceAutoencoder, bags_of_words

PAIRS, FEATURES, WORDS, CODES = 64, 10, 12, 16


def planted(noise=0.0, seed=0):
    """Features and bags that are linear in the same six numbers."""
    generator = torch.Generator().manual_seed(seed)
    signal = torch.randn(PAIRS, 6, generator=generator)
    features = signal @ torch.randn(6, FEATURES, generator=generator)
    bags = signal @ torch.randn(6, WORDS, generator=generator)
    return features + noise * torch.randn(features.shape, generator=generator), bags


def train(kind, alpha, updates, features, bags, rate=1e-2, seed=0):
    """A model after some updates, and its losses; the bag itself stands for the text encoder's state."""
    torch.manual_seed(seed)
    model = CorrespondenceAutoencoder(FEATURES, WORDS, WORDS, CODES)
    model.fit_scales(features, bags)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    losses = []
    for _ in range(updates):
        loss = loss_of(model, kind, alpha, features, bags)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    with torch.no_grad():
        model.fit_centres(model.encode_images(features), model.encode_texts(bags))
    return model, losses


def loss_of(model, kind, alpha, features, bags):
    f, g = model.encode_images(features), model.encode_texts(bags)
    targets = torch.nn.functional.normalize(features, dim=1), bags
    baselines = model.feature_error, model.bag_error
    return correspondence_loss(kind, targets, model.decode(f), model.decode(g), baselines, tie(f, g), alpha)


@torch.no_grad()
def recall_at_1(model, features, bags):
    images = model.embed_images(model.encode_images(features))
    texts = model.embed_texts(model.encode_texts(bags))
    return float(((images @ texts.T).argmax(1) == torch.arange(len(images))).float().mean())


def test_the_losses_are_their_formulas():
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(5, 3, generator=generator), torch.randn(5, 4, generator=generator)
    baseline = (x - x.mean(0)).square().sum(1).mean()
    assert float(reconstruction(x, x.mean(0).expand(5, -1), baseline)) == pytest.approx(1)
    assert float(reconstruction(x, x, baseline)) == 0
    f, g = torch.rand(4000, 6, generator=generator), torch.rand(4000, 6, generator=generator)
    assert float(tie(f, g)) == pytest.approx(2, rel=0.05)
    assert float(tie(f, f)) == 0
    x_f, x_g, y_f, y_g = x + 1, x - 2, y * 0, y * 3
    ones, tied = (torch.ones(()), torch.ones(())), torch.tensor(5.0)
    found = correspondence_loss("plain", (x, y), (x_f, y_f), (x_g, y_g), ones, tied, 0.2)
    expected = (x - x_f).square().sum(1).mean() + (y - y_g).square().sum(1).mean()
    assert float(found) == pytest.approx(0.8 * float(expected) + 0.2 * 5)


def test_full_is_plain_and_cross():
    features, bags = planted()
    torch.manual_seed(0)
    model = CorrespondenceAutoencoder(FEATURES, WORDS, WORDS, CODES)
    model.fit_scales(features, bags)
    plain, cross, full = (
        float(loss_of(model, kind, 0.0, features, bags).detach()) for kind in ("plain", "cross", "full")
    )
    assert full == pytest.approx(plain + cross, rel=1e-6)


@pytest.mark.parametrize("kind", ["plain", "cross", "full"])
def test_swapped_modalities_have_the_same_loss(kind):
    generator = torch.Generator().manual_seed(0)
    x, y, x_f, x_g, y_f, y_g = (torch.randn(5, 3, generator=generator) for _ in range(6))
    one, two, tied = torch.tensor(2.0), torch.tensor(3.0), torch.tensor(0.5)
    given = correspondence_loss(kind, (x, y), (x_f, y_f), (x_g, y_g), (one, two), tied, 0.3)
    swapped = correspondence_loss(kind, (y, x), (y_g, x_g), (y_f, x_f), (two, one), tied, 0.3)
    assert float(given) == pytest.approx(float(swapped), rel=1e-6)


@pytest.mark.parametrize("kind", ["plain", "cross", "full"])
def test_gradients_by_finite_differences(kind):
    generator = torch.Generator().manual_seed(0)
    x, y, x_f, x_g, y_f, y_g = (
        torch.randn(4, 3, generator=generator, dtype=torch.float64).requires_grad_() for _ in range(6)
    )
    one = torch.ones((), dtype=torch.float64)

    def loss(*given):
        return correspondence_loss(kind, (x, y), given[:2], given[2:], (one, one), one * 0, 0.3)

    assert torch.autograd.gradcheck(loss, (x_f, y_f, x_g, y_g))


def test_the_tie_pulls_the_codes_together_with_no_gradient_through_the_variance():
    generator = torch.Generator().manual_seed(0)
    f, g = (torch.rand(4, 3, generator=generator, dtype=torch.float64).requires_grad_() for _ in range(2))
    tie(f, g).backward()
    variance = (f.detach().var(0).mean() + g.detach().var(0).mean()) / 2
    assert torch.allclose(f.grad, 2 * (f - g).detach() / f.numel() / variance)
    assert torch.allclose(f.grad, -g.grad)


@pytest.mark.parametrize(("kind", "alpha"), [("plain", 0.5), ("full", 0.5), ("full", 0.2), ("cross", 0.5)])
def test_a_planted_linear_signal_retrieves_every_pair(kind, alpha):
    features, bags = planted()
    model, _ = train(kind, alpha, 300, features, bags)
    assert recall_at_1(model, features, bags) == 1.0


def test_without_the_tie_it_reconstructs_and_retrieves_nothing():
    features, bags = planted()
    model, losses = train("plain", 0.0, 400, features, bags)
    assert losses[0] > 1.5 and losses[-1] < 0.1 * losses[0]
    assert recall_at_1(model, features, bags) < 0.2


def test_with_the_tie_alone_the_codes_collapse_and_that_is_said():
    features, bags = planted(noise=3.0)
    with pytest.raises(GxnError, match="the codes collapsed"):
        train("plain", 1.0, 1500, features, bags, rate=3e-3)


def test_centred_codes_do_not_all_point_one_way():
    features, bags = planted()
    model, _ = train("full", 0.5, 50, features, bags)
    with torch.no_grad():
        codes = model.encode_images(features)
        raw = torch.nn.functional.normalize(codes, dim=1)
        assert (raw @ raw.T).mean() > 0.8
        assert abs(float((model.embed_images(codes) @ model.embed_images(codes).T).mean())) < 0.1


def test_bags_of_words_are_binary_and_hold_no_special_words():
    bags = bags_of_words(torch.tensor([[4, 5, 4, 0], [1, 3, 0, 0]]), vocab_size=7, first_word=3)
    assert bags.tolist() == [[0, 0, 0, 0, 1, 1, 0], [0, 0, 0, 1, 0, 0, 0]]
