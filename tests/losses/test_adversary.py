"""ACMR's losses by their formulas, and that its classifiers learn."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from gxn.evaluation.modality import probe_accuracy
from gxn.losses.adversary import (
    bounded_margin,
    distance,
    distance_loss,
    label_loss,
    modality_loss,
    random_negatives,
    reversal_strength,
    reverse_gradient,
    unlike,
)
from gxn.models.classifiers import AdversaryGuard, LabelClassifier, ModalityDiscriminator, modality_accuracy


def rows(count=6, width=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(count, width, generator=generator, dtype=torch.float64), dim=1)


def test_the_reversal_is_the_identity_with_a_negative_gradient():
    given = rows().requires_grad_()
    found = reverse_gradient(given, 0.3)
    assert torch.equal(found, given)
    slope = rows(seed=1)
    found.backward(slope)
    assert torch.equal(given.grad, -0.3 * slope)


def test_the_strength_rises_from_0_to_1():
    assert reversal_strength(0) == 0
    assert reversal_strength(0.1) == pytest.approx(math.tanh(0.5))
    assert reversal_strength(1) > 0.999


@pytest.mark.parametrize("strength", [0.0, 0.7])
def test_encoders_get_the_negative_of_the_discriminators_input_gradient(strength):
    torch.manual_seed(0)
    judge = ModalityDiscriminator(4).double()
    images, texts = rows().requires_grad_(), rows(seed=1).requires_grad_()
    plain = torch.autograd.grad(modality_loss(judge(images), judge(texts)), [images, *judge.parameters()])
    reverse = [reverse_gradient(each, strength) for each in (images, texts)]
    found = torch.autograd.grad(modality_loss(*map(judge, reverse)), [images, *judge.parameters()])
    assert torch.allclose(found[0], -strength * plain[0])
    assert all(torch.equal(one, two) for one, two in zip(found[1:], plain[1:], strict=True))


def test_modality_and_label_losses_by_hand():
    image, text = torch.tensor([0.3, -1.0]), torch.tensor([0.2, 2.0])
    expected = -sum(math.log(torch.sigmoid(x)) for x in image) - sum(
        math.log(1 - torch.sigmoid(x)) for x in text
    )
    assert float(modality_loss(image, text)) == pytest.approx(expected, rel=1e-5)
    assert float(modality_accuracy(image, text)) == 0.25
    logits = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    one = torch.tensor([[1, 0], [1, 0]], dtype=torch.uint8)
    by_hand = -math.log(math.e / (1 + math.e)) - math.log(1 / (1 + math.e**2))
    assert float(label_loss(logits, logits, one, several=False)) == pytest.approx(2 * by_hand, rel=1e-5)
    several = torch.tensor([[1, 1], [0, 0]], dtype=torch.uint8)
    each = [math.log(1 + math.exp(-1)), math.log(2), math.log(2), math.log(1 + math.exp(2))]
    assert float(label_loss(logits, logits, several, several=True)) == pytest.approx(2 * sum(each), rel=1e-5)


def test_distances_by_a_loop():
    images, texts = rows(), rows(seed=1)
    labels = torch.tensor([[1, 0], [1, 0], [0, 1], [0, 1], [1, 1], [0, 0]])
    differs = unlike(labels)
    negatives = torch.tensor([2, 3, 0, 1, 5, 4]), torch.tensor([3, 2, 1, 0, 5, 0])
    total = 0.0
    for i in range(6):
        pull = (images[i] - texts[i]).norm()
        pushes = (images[i] - texts[negatives[0][i]]).norm(), (texts[i] - images[negatives[1][i]]).norm()
        total += 2 * pull + sum(0.4 * max(0.0, 1.1 - float(each)) for each in pushes)
    assert float(distance_loss(images, texts, differs, negatives, 1.1, 0.4)) == pytest.approx(
        float(total), rel=1e-6
    )


def test_labels_that_are_shared_are_no_negatives():
    differs = unlike(torch.tensor([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]]))
    expected = [[0, 0, 1, 1], [0, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]]
    assert differs.int().tolist() == expected
    torch.manual_seed(0)
    drawn = torch.stack([random_negatives(differs) for _ in range(200)])
    assert {*drawn[:, 0].tolist()} == {2, 3} and {*drawn[:, 1].tolist()} == {3}


def test_where_no_label_differs_nothing_is_pushed():
    images, texts = rows().requires_grad_(), rows(seed=1)
    differs = unlike(torch.ones(6, 1))
    negatives = random_negatives(differs), random_negatives(differs)
    found = distance_loss(images, texts, differs, negatives, 1.1, 0.4)
    assert float(found.detach()) == pytest.approx(2 * float(distance(images, texts).sum().detach()))
    found.backward()
    assert torch.isfinite(images.grad).all()


def test_distances_of_equal_embeddings_have_a_finite_gradient():
    images = rows().requires_grad_()
    distance(images, images.detach()).sum().backward()
    assert torch.equal(images.grad, torch.zeros_like(images))


def test_gradients_by_finite_differences():
    differs = unlike(torch.eye(3).repeat(2, 1))
    negatives = torch.tensor([1, 2, 0, 1, 2, 0]), torch.tensor([2, 0, 1, 2, 0, 1])
    given = rows().requires_grad_(), rows(seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda v, t: distance_loss(v, t, differs, negatives, 1.1, 0.4), given)
    labels = torch.eye(4).repeat(2, 1)[:6]
    for several in (False, True):
        assert torch.autograd.gradcheck(lambda v, t, s=several: label_loss(v, t, labels, s), given)


def test_the_margin_is_at_most_half_the_mean_distance():
    images, texts = torch.zeros(3, 2), torch.tensor([[0.0, 1.0], [0.0, 3.0]])
    assert bounded_margin(images, texts, 1.2) == 1.0
    assert bounded_margin(images, texts, 0.2) == 0.2


def test_the_label_classifier_learns():
    """In the published demo its weights never change."""
    torch.manual_seed(0)
    labels = torch.eye(5).repeat(8, 1)
    embeddings = F.normalize(labels @ torch.randn(5, 12) + 0.3 * torch.randn(40, 12), dim=1)
    judge = LabelClassifier(12, 5)
    before = judge.linear.weight.detach().clone()
    optimizer = torch.optim.Adam(judge.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        label_loss(judge(embeddings), judge(embeddings), labels, several=False).backward()
        optimizer.step()
    assert not torch.equal(judge.linear.weight, before)
    assert (judge(embeddings).argmax(1) == labels.argmax(1)).float().mean() > 0.95


def test_the_game_removes_a_constant_shift():
    """Two modalities that differ by a shift: a fresh classifier ends at chance."""
    torch.manual_seed(0)
    shift = torch.nn.Parameter(torch.tensor([0.8, 0.0, -0.4, 0.0]))
    judge = ModalityDiscriminator(4)
    encoder = torch.optim.SGD([shift], lr=5e-5)
    optimizer = torch.optim.Adam(judge.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(1)

    def cloud(count):
        return torch.randn(count, 4, generator=generator) * 0.5

    owners = np.arange(2000)
    with torch.no_grad():
        before = probe_accuracy((cloud(2000) + shift).numpy(), cloud(2000).numpy(), owners)
    for _ in range(600):
        images, texts = cloud(256) + shift, cloud(256)
        loss = modality_loss(judge(reverse_gradient(images, 1.0)), judge(reverse_gradient(texts, 1.0)))
        encoder.zero_grad()
        optimizer.zero_grad()
        loss.backward()
        encoder.step()
        optimizer.step()
    with torch.no_grad():
        after = probe_accuracy((cloud(2000) + shift).numpy(), cloud(2000).numpy(), owners)
    assert before > 0.75 and after == pytest.approx(0.5, abs=0.05)


def test_the_guard_ends_the_game_for_good_when_the_discriminator_wins():
    def epoch(guard, *accuracies, strength):
        for each in accuracies:
            guard.note(torch.tensor(each))
        return guard.close_epoch(strength)

    guard = AdversaryGuard()
    assert not guard.close_epoch(0.9)  # before the first batch
    assert not epoch(guard, 0.4, 0.5, strength=0.2)  # too early to count
    assert not epoch(guard, 0.5, 0.7, strength=0.8)
    assert not epoch(guard, 0.64, strength=0.9)
    resumed = AdversaryGuard()
    resumed.load_state_dict(guard.state_dict())
    assert epoch(resumed, 0.66, strength=0.95)
    assert epoch(resumed, 0.5, strength=0.99)
