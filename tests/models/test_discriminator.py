"""The discriminator: its logit by the formula, what it reads, and its norms."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gxn.models.discriminator import PROJECTION, Discriminator

KINDS, READS, NORMS = ("projection", "concatenation"), ("text", "mean"), ("batch", "spectral", "none")


@pytest.mark.parametrize(("kind", "reads", "norm"), [*itertools.product(KINDS, READS, NORMS)])
@pytest.mark.parametrize("size", [16, 32])
def test_image_and_caption_both_reach_one_logit_a_pair(kind, reads, norm, size):
    torch.manual_seed(0)
    discriminator = Discriminator(12, 8, 4, size, kind, reads, norm).eval()
    images, captions = torch.randn(3, 3, size, size), torch.randn(3, 12 if reads == "text" else 8)
    logits = discriminator(images, captions)
    assert logits.shape == (3,)
    assert not torch.allclose(logits, discriminator(images.flip(0), captions))
    assert not torch.allclose(logits, discriminator(images, captions.flip(0)))
    seen, text = discriminator.look(images), discriminator.read(captions)
    assert torch.allclose(logits, discriminator.match(seen, text))


def test_the_projection_is_a_score_of_the_picture_plus_an_inner_product():
    torch.manual_seed(0)
    discriminator = Discriminator(12, 8, 4, 16, "projection", "text", "none")
    discriminator.standardizer.fit(torch.randn(50, 12) * 3 + 1)
    images, captions = torch.randn(5, 3, 16, 16), torch.randn(5, 12)
    maps = images
    for layer in discriminator.image_tower:
        if isinstance(layer, nn.Conv2d):
            maps = F.leaky_relu(F.conv2d(maps, layer.weight, layer.bias, stride=2, padding=1), 0.2)
    linear = discriminator.image_tower[-1]
    features = maps.reshape(5, -1) @ linear.weight.T + linear.bias
    first, _, second = discriminator.text_proj
    text = (captions - discriminator.standardizer.mean) / discriminator.standardizer.scale
    text = F.leaky_relu(text @ first.weight.T + first.bias, 0.2) @ second.weight.T + second.bias
    score = discriminator.head.score
    for i, logit in enumerate(discriminator(images, captions)):
        alone = torch.where(features[i] > 0, features[i], 0.2 * features[i]) @ score.weight[0] + score.bias[0]
        assert logit.item() == pytest.approx(
            (alone + text[i] @ features[i] / PROJECTION**0.5).item(), rel=1e-3
        )


def test_products_are_of_every_image_with_every_caption():
    torch.manual_seed(0)
    discriminator = Discriminator(12, 8, 4, 16, "projection", "text", "none")
    seen, text = discriminator.look(torch.randn(3, 3, 16, 16)), discriminator.read(torch.randn(2, 12))
    found = discriminator.head.products(seen, text)
    assert found.shape == (3, 2)
    for i, j in itertools.product(range(3), range(2)):
        alone = discriminator.head.score(F.leaky_relu(seen[i], 0.2))
        both = discriminator.match(seen[i : i + 1], text[j : j + 1])
        assert found[i, j].item() == pytest.approx((both - alone).item(), abs=1e-5)


def test_concatenation_repeats_the_caption_at_every_place():
    torch.manual_seed(0)
    head = Discriminator(12, 8, 4, 16, "concatenation", "mean", "none").head
    maps, caption = torch.randn(2, 8, 4, 4), torch.randn(2, 8)
    joined = torch.cat([maps, caption.reshape(2, 8, 1, 1).repeat(1, 1, 4, 4)], 1)
    assert torch.allclose(head(maps, caption), head.judge(joined).reshape(2))


@pytest.mark.parametrize("kind", KINDS)
def test_spectral_norm_holds_the_largest_singular_value_of_every_convolution_near_one(kind):
    torch.manual_seed(0)
    discriminator = Discriminator(12, 8, 4, 16, kind, "text", "spectral")
    images, captions = torch.randn(2, 3, 16, 16), torch.randn(2, 12)
    for _ in range(200):  # each update of a power iteration in training mode sharpens the estimate
        discriminator(images, captions)
    weights = [each.weight.flatten(1) for each in discriminator.modules() if isinstance(each, nn.Conv2d)]
    assert len(weights) == (2 if kind == "projection" else 4)
    for weight in weights:
        assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=0.02)


def test_norms_are_those_asked_for():
    for norm, batches in (("batch", 2), ("spectral", 0), ("none", 0)):
        tower = Discriminator(12, 8, 4, 32, "projection", "text", norm).image_tower
        assert sum(isinstance(each, nn.BatchNorm2d) for each in tower) == batches
