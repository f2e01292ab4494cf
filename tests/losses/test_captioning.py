"""Cross-entropy and the self-critical gradient against hand-computed values."""

import math

import pytest
import torch

from gxn.losses.captioning import caption_mask, cross_entropy, self_critical


def test_mask_ends_with_the_first_end():
    tokens = torch.tensor([[5, 2, 0, 0], [5, 6, 7, 8], [2, 2, 2, 0]])
    expected = [[True, True, False, False], [True] * 4, [True, False, False, False]]
    assert caption_mask(tokens, end=2).tolist() == expected


def test_cross_entropy_is_a_mean_over_counted_words():
    said = torch.tensor([[math.log(0.5), math.log(0.25)], [math.log(0.1), -99.0]])
    mask = torch.tensor([[True, True], [True, False]])
    expected = -(math.log(0.5) + math.log(0.25) + math.log(0.1)) / 3
    assert float(cross_entropy(said, mask)) == pytest.approx(expected)


def test_self_critical_gradient_is_equation_6():
    logits = torch.randn(2, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    logits.requires_grad_()
    drawn = torch.tensor([[4, 2, 0], [3, 4, 3]])
    mask = caption_mask(drawn, end=2)
    reward, baseline = torch.tensor([2.0, 0.5]), torch.tensor([0.5, 1.5])
    said = torch.log_softmax(logits, -1).gather(2, drawn.unsqueeze(2)).squeeze(2)
    self_critical(said, mask, reward, baseline).backward()
    onehot = torch.nn.functional.one_hot(drawn, 5)
    slope = onehot - logits.detach().softmax(-1)  # d log p / d logits
    expected = -(reward - baseline)[:, None, None] * slope * mask[:, :, None] / mask.sum()
    assert torch.allclose(logits.grad, expected)
