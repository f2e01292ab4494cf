"""Imagine an image: the matching-aware conditional GAN's losses (GXN, equations 9 to 12; GAN-CLS; StackGAN)."""

import torch
from torch import Tensor
from torch.nn import functional as F


def _bce(logits: Tensor, target: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def discriminator_loss(
    real: Tensor, fake: Tensor, wrong: Tensor, fake_weight: float, wrong_weight: float
) -> Tensor:
    """Equation 11 with its sign turned, to be minimised; means over (B,) logits.

    Args:
        real: logits of true images with their captions.
        fake: logits of drawn images with the captions they were drawn from, weighted by beta_f.
        wrong: logits of true images with captions of other images, weighted by beta_w.
    """
    return _bce(real, 1.0) + fake_weight * _bce(fake, 0.0) + wrong_weight * _bce(wrong, 0.0)


def generator_loss(fake: Tensor, saturating: bool) -> Tensor:
    """-log D(drawn, caption); saturating, log(1 - D(drawn, caption)) of equation 12: means over (B,) logits."""
    return -_bce(fake, 0.0) if saturating else _bce(fake, 1.0)


def conditioning_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, I)), equation 12's second term, as a mean over all (B, C) elements.

    The closed form 0.5 (mean^2 + variance - log variance - 1); StackGAN's weight 2 belongs to this mean.
    """
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).mean()
