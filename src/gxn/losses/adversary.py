"""Adversarial cross-modal retrieval (ACMR, Wang et al., ACM MM 2017): labels, distances, and the modality game.

In v, t (B, J), unit embeddings of images and captions, m = 1 for images and 0 for captions:
    L_imd = CE(C(v), y) + CE(C(t), y)
    L_imi = sum_i |v_i - t_i| + push [mu - |v_i - t_k|]_+ , and the same from t_i; no label of k is one of i's
    L_adv = BCE(D(reversed(z, l)), m),  z = [v; t],  l = 2 / (1 + exp(-10 p)) - 1,  p the share of training done
All are sums over the batch's pairs, like the hinge, whose clipping they share.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

EPSILON = 1e-8  # added to a squared distance: the root's slope at 0 would be infinite


class _Reverse(torch.autograd.Function):
    """The identity, whose gradient is multiplied by -strength."""

    @staticmethod
    def forward(ctx, rows: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return rows.view_as(rows)

    @staticmethod
    def backward(ctx, grad_output: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * grad_output, None


def reverse_gradient(rows: Tensor, strength: float) -> Tensor:
    """The rows themselves; their gradient is multiplied by -strength (Ganin and Lempitsky, 2015).

    Minimising a loss of the result trains the layers after it for the loss, and those before it against it.
    """
    return _Reverse.apply(rows, strength)


def reversal_strength(progress: float) -> float:
    """L = 2 / (1 + exp(-10 p)) - 1 for the share p of training that is done: from 0 to nearly 1."""
    return 2 / (1 + math.exp(-10 * progress)) - 1


def modality_loss(image_logits: Tensor, text_logits: Tensor) -> Tensor:
    """L_adv of the discriminator's logits (B,) for images, which it is to call 1, and captions, 0."""
    return F.binary_cross_entropy_with_logits(
        image_logits, torch.ones_like(image_logits), reduction="sum"
    ) + F.binary_cross_entropy_with_logits(text_logits, torch.zeros_like(text_logits), reduction="sum")


def label_loss(image_logits: Tensor, text_logits: Tensor, labels: Tensor, several: bool) -> Tensor:
    """L_imd of both modalities' logits (B, L).

    Args:
        labels: multi-hot (B, L).
        several: an image may have several labels, or none: binary cross-entropy, a sum over the labels; else
            cross-entropy.
    """
    if several:
        wanted = labels.to(image_logits.dtype)
        return sum(
            F.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
            for logits in (image_logits, text_logits)
        )
    target = labels.argmax(1)
    return sum(F.cross_entropy(logits, target, reduction="sum") for logits in (image_logits, text_logits))


def unlike(labels: Tensor) -> Tensor:
    """Bool (B, B): pairs that share none of their labels, multi-hot (B, L)."""
    labels = labels.float()
    return labels @ labels.T == 0


def random_negatives(differs: Tensor) -> Tensor:
    """For each row of bool (B, B), a random column that is true, int64 (B,); 0 where there is none.

    The nearest one, as the published loss has it, pushes harder than the pair pulls: the modalities fly apart.
    """
    return torch.rand(differs.shape, device=differs.device).masked_fill(~differs, -1).argmax(1)


def distance_loss(
    images: Tensor,
    texts: Tensor,
    differs: Tensor,
    negatives: tuple[Tensor, Tensor],
    margin: float,
    push: float,
) -> Tensor:
    """L_imi. A pair from which no pair of the batch differs is pulled together, and pushed from nothing.

    Args:
        images, texts: (B, J).
        differs: bool (B, B), see `unlike`.
        negatives: int64 (B,), the caption that each image is pushed from, and the image for each caption.
        margin: mu, the distance beyond which nothing is pushed; see `bounded_margin`.
        push: weight of the push.
    """
    pull = distance(images, texts).sum()
    some = differs.any(1)
    from_images = (margin - distance(images, texts[negatives[0]])).clamp(min=0)
    from_texts = (margin - distance(texts, images[negatives[1]])).clamp(min=0)
    pushes = torch.where(some, from_images, 0).sum() + torch.where(some, from_texts, 0).sum()
    return 2 * pull + push * pushes


def distance(one: Tensor, two: Tensor) -> Tensor:
    """Distances (B,) of rows (B, J), with a finite gradient at 0."""
    return ((one - two).square().sum(1) + EPSILON).sqrt()


def bounded_margin(images: Tensor, texts: Tensor, margin: float) -> float:
    """mu, but at most half the mean distance of images (N, J) from captions (M, J) before training.

    A larger one pushes most negatives from the start, and the push wins over the pull.
    """
    return min(margin, 0.5 * float(torch.cdist(images.detach(), texts.detach()).mean()))
