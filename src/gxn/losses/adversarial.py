"""Imagine an image: the matching-aware conditional GAN's losses (GXN, equations 9 to 12; GAN-CLS; StackGAN)."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Adversarial = Literal["logistic", "hinge"]


def _judged(logits: Tensor, genuine: bool, adversarial: Adversarial) -> Tensor:
    """Return the mean loss of the discriminator's logits (B,) for pairs that it should find genuine, or not.

    Logistic: -log sigmoid(l) or -log(1 - sigmoid(l)). Hinge (Lim and Ye, 2017): max(0, 1 - l) or max(0, 1 + l).
    """
    if adversarial == "hinge":
        return F.relu(1 - logits if genuine else 1 + logits).mean()
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(genuine)))


def discriminator_loss(
    real: Tensor,
    fake: Tensor,
    wrong: Tensor,
    fake_weight: float,
    wrong_weight: float,
    adversarial: Adversarial,
) -> Tensor:
    """Return equation 11 with its sign turned, to be minimised; or its hinge form.

    Args:
        real: logits (B,) of true images with their captions.
        fake: logits (B,) of drawn images with the captions they were drawn from, weighted by beta_f.
        wrong: logits (B,) of true images with captions of other images, weighted by beta_w.
        fake_weight, wrong_weight: beta_f and beta_w.
        adversarial: `logistic`, as equation 11 is written, or `hinge`.
    """
    fakes = fake_weight * _judged(fake, False, adversarial) + wrong_weight * _judged(
        wrong, False, adversarial
    )
    return _judged(real, True, adversarial) + fakes


def generator_loss(fake: Tensor, saturating: bool, adversarial: Adversarial) -> Tensor:
    """Return the generator's loss, a mean over logits (B,) of drawn images with their captions.

    Logistic: -log D(drawn, caption), or, `saturating`, log(1 - D(drawn, caption)) as in equation 12. Hinge: the
    negative logit, whatever `saturating` says.
    """
    if adversarial == "hinge":
        return -fake.mean()
    return -_judged(fake, False, adversarial) if saturating else _judged(fake, True, adversarial)


def contrastive_loss(scores: Tensor, image: Tensor) -> Tensor:
    """Return how badly captions identify the images of their batch, and images its captions.

    The mean of two cross-entropies, over the rows and over the columns of the scores, whose target is the
    diagonal (InfoNCE; between captions and drawn images: XMC-GAN, Zhang et al., 2021). One update sees B - 1 wrong
    captions and B - 1 wrong images a pair where equation 11 sees one wrong caption, at the price of a product.

    Args:
        scores: float (B, B), of images (rows) and captions (columns); pairs are on the diagonal.
        image: int64 (B,), the pairs' images: other captions of a pair's image are true, so they are left out.
    """
    other = (image.unsqueeze(1) == image.unsqueeze(0)).fill_diagonal_(False)
    scores = scores.masked_fill(other, float("-inf"))
    target = torch.arange(len(image), device=image.device)
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


def conditioning_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return equation 12's KL(N(mean, exp(log_variance)) || N(0, I)), as a mean over all (B, C) elements.

    The closed form is 0.5 (mean^2 + variance - log variance - 1); StackGAN's weight 2 belongs to this mean.
    """
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).mean()
