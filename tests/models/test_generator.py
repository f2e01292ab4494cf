"""The generator and conditioning augmentation: shapes, what the condition reaches, no cause for checkerboards."""

import pytest
import torch
from torch import nn

from gxn.errors import GxnError
from gxn.models.generator import ConditioningAugmentation, Generator, doublings

KINDS = ("upsampling", "transposed")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [16, 32, 64])
def test_images_have_the_asked_side_and_range(kind, size):
    images = Generator(8, 5, 4, size, kind)(torch.randn(3, 8))
    assert images.shape == (3, 3, size, size) and images.abs().max() <= 1


@pytest.mark.parametrize("size", [0, 8, 48, 65])
def test_a_size_that_cannot_be_drawn_is_named(size):
    with pytest.raises(GxnError, match=r"dataset\.gan_image_size.*" + str(size)):
        doublings(size)


@pytest.mark.parametrize("kind", KINDS)
def test_condition_and_noise_reach_the_image(kind):
    torch.manual_seed(0)
    generator = Generator(8, 5, 4, 16, kind).eval()
    condition, noise = torch.randn(2, 8), torch.randn(2, 5)
    image = generator(condition, noise)
    assert torch.equal(image, generator(condition, noise))
    assert not torch.allclose(image, generator(condition + 1, noise))
    assert not torch.allclose(image, generator(condition, noise + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_only_transposed_convolutions_make_a_checkerboard_of_a_constant_map(kind):
    """Far enough from the border, whose padding reaches 8 pixels of a 32 x 32 image."""
    torch.manual_seed(0)
    generator = Generator(8, 5, 4, 32, kind).eval()
    for module in generator.upsample.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0, 0.1)
    image = generator.upsample(torch.ones(1, generator.start[2].num_features, 4, 4))[0, :, 9:23, 9:23]
    assert torch.allclose(image, image[:, :1, :1].expand_as(image), atol=1e-5) == (kind == "upsampling")


def test_augmentation_draws_around_its_mean():
    torch.manual_seed(0)
    augment = ConditioningAugmentation(12, 8)
    grounded = torch.randn(1, 12).expand(5000, -1)
    condition, mean, log_variance = augment(grounded)
    assert torch.allclose(condition.mean(0), mean[0], atol=0.1)
    assert torch.allclose(condition.std(0), (log_variance[0] / 2).exp(), rtol=0.1)
