"""Generator and discriminator: shapes, and what the condition reaches."""

import pytest
import torch

from gxn.errors import GxnError
from gxn.models.drawing import ConditioningAugmentation, Discriminator, Generator, doublings


@pytest.mark.parametrize("size", [16, 64])
def test_sizes(size):
    generator, discriminator = Generator(8, 5, 4, size), Discriminator(12, 8, 4, size, "text")
    images = generator(torch.randn(3, 8))
    assert images.shape == (3, 3, size, size) and images.abs().max() <= 1
    assert discriminator(images, torch.randn(3, 12)).shape == (3,)


@pytest.mark.parametrize("size", [0, 8, 48, 65])
def test_a_size_that_cannot_be_drawn_is_named(size):
    with pytest.raises(GxnError, match=r"dataset\.thumbnail.*" + str(size)):
        doublings(size)


def test_condition_reaches_image_and_logit():
    torch.manual_seed(0)
    generator, discriminator = Generator(8, 5, 4, 16).eval(), Discriminator(12, 8, 4, 16, "text").eval()
    noise = torch.randn(2, 5)
    one, other = generator(torch.randn(2, 8), noise), generator(torch.randn(2, 8), noise)
    assert not torch.allclose(one, other)
    assert not torch.allclose(discriminator(one, torch.randn(2, 12)), discriminator(one, torch.randn(2, 12)))


def test_augmentation_draws_around_its_mean():
    torch.manual_seed(0)
    augment = ConditioningAugmentation(12, 8)
    grounded = torch.randn(1, 12).expand(5000, -1)
    condition, mean, log_variance = augment(grounded)
    assert torch.allclose(condition.mean(0), mean[0], atol=0.1)
    assert torch.allclose(condition.std(0), (log_variance[0] / 2).exp(), rtol=0.1)


def test_the_discriminator_may_read_the_mean_condition():
    torch.manual_seed(0)
    discriminator = Discriminator(12, 8, 4, 16, "mean").eval()
    images = torch.randn(2, 3, 16, 16)
    one, other = discriminator(images, torch.randn(2, 8)), discriminator(images, torch.randn(2, 8))
    assert one.shape == (2,) and not torch.allclose(one, other)
