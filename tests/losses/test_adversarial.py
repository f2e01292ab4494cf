"""The GAN's losses against their formulas."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from gxn.losses.adversarial import conditioning_kl, contrastive_loss, discriminator_loss, generator_loss


def test_discriminator_loss_is_equation_11_negated():
    real, fake, wrong = torch.tensor([0.3, -1.0]), torch.tensor([0.7, 2.0]), torch.tensor([-0.2, 0.1])
    expected = sum(
        -math.log(torch.sigmoid(r))
        - 0.5 * math.log(1 - torch.sigmoid(f))
        - 0.25 * math.log(1 - torch.sigmoid(w))
        for r, f, w in zip(real, fake, wrong, strict=True)
    )
    assert float(discriminator_loss(real, fake, wrong, 0.5, 0.25, "logistic")) == pytest.approx(
        expected / 2, rel=1e-5
    )


def test_generator_loss_does_not_saturate():
    logits = torch.tensor([-8.0], requires_grad=True)
    generator_loss(logits, False, "logistic").backward()
    assert float(logits.grad) == pytest.approx(-1.0, abs=1e-3)


def test_the_saturating_loss_is_equation_12s():
    logits = torch.tensor([-8.0, 0.5], requires_grad=True)
    loss = generator_loss(logits, True, "logistic")
    loss.backward()
    fakes = [math.log(1 - 1 / (1 + math.exp(8.0))), math.log(1 - 1 / (1 + math.exp(-0.5)))]
    assert loss.item() == pytest.approx(sum(fakes) / 2, rel=1e-4)
    assert abs(float(logits.grad[0])) < 1e-3


def test_the_hinge_asks_for_a_margin_of_one_and_no_more():
    real, fake, wrong = torch.tensor([0.3, 2.0]), torch.tensor([0.5, -3.0]), torch.tensor([-0.2, -1.0])
    expected = (0.7 + 0.0) / 2 + 0.5 * (1.5 + 0.0) / 2 + 0.25 * (0.8 + 0.0) / 2
    loss = discriminator_loss(real, fake, wrong, 0.5, 0.25, "hinge")
    assert float(loss) == pytest.approx(expected, rel=1e-6)
    assert float(generator_loss(fake, False, "hinge")) == pytest.approx(-(0.5 - 3.0) / 2)


@pytest.mark.parametrize("adversarial", ["logistic", "hinge"])
def test_gradients_agree_with_finite_differences(adversarial):
    torch.manual_seed(0)
    logits = [torch.randn(6, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    assert torch.autograd.gradcheck(lambda *each: discriminator_loss(*each, 0.5, 0.25, adversarial), logits)
    assert torch.autograd.gradcheck(lambda fake: generator_loss(fake, False, adversarial), logits[:1])


def test_the_contrastive_loss_tells_each_pair_from_pairs_of_other_images():
    torch.manual_seed(0)
    scores, image = torch.randn(5, 5), torch.tensor([3, 1, 3, 0, 2])  # the first and the third share an image
    losses = []
    for i in range(5):
        known = [j for j in range(5) if j == i or image[j] != image[i]]
        by_image = -scores[i, i] + math.log(sum(math.exp(scores[i, j]) for j in known))
        by_caption = -scores[i, i] + math.log(sum(math.exp(scores[j, i]) for j in known))
        losses.append(float(by_image + by_caption) / 2)
    assert float(contrastive_loss(scores, image)) == pytest.approx(sum(losses) / 5, rel=1e-5)


def test_the_contrastive_loss_of_one_image_alone_is_zero_and_its_gradient_finite():
    scores = torch.randn(3, 3, requires_grad=True)
    loss = contrastive_loss(scores, torch.tensor([4, 4, 4]))
    loss.backward()
    assert loss.item() == 0 and torch.equal(scores.grad, torch.zeros(3, 3))


def test_the_contrastive_gradient_agrees_with_finite_differences():
    scores = torch.randn(4, 4, dtype=torch.float64, requires_grad=True)
    image = torch.tensor([0, 1, 0, 2])
    assert torch.autograd.gradcheck(lambda each: contrastive_loss(each, image), [scores])


def test_kl_is_the_closed_form_of_two_normals():
    mean, log_variance = torch.randn(4, 3), torch.randn(4, 3)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).mean()
    assert float(conditioning_kl(mean, log_variance)) == pytest.approx(float(expected), rel=1e-5)
    assert float(conditioning_kl(torch.zeros(2, 3), torch.zeros(2, 3))) == 0.0
