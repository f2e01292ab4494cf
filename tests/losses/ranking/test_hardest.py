"""The hinge over the hardest negative against a plain double loop."""

import pytest
import torch

from gxn.configuration.section import parse
from gxn.errors import GxnError
from gxn.losses.ranking.hardest import Parameters, loss

MARGIN = Parameters(margin=0.2)


def random_scores(size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def same_image(ids: list[int]) -> torch.Tensor:
    image = torch.tensor(ids)
    return image.unsqueeze(0) == image.unsqueeze(1)


def by_loops(scores: list[list[float]], ids: list[int], margin: float) -> float:
    total, size = 0.0, len(scores)
    for i in range(size):
        negatives = [j for j in range(size) if ids[j] != ids[i]]
        total += max((max(0.0, margin - scores[i][i] + scores[i][j]) for j in negatives), default=0.0)
        total += max((max(0.0, margin - scores[i][i] + scores[j][i]) for j in negatives), default=0.0)
    return total


@pytest.mark.parametrize("ids", [[0, 1, 2, 3, 4, 5], [0, 0, 1, 2, 2, 2], [7] * 6])
def test_equals_a_double_loop(ids):
    scores = random_scores(6)
    assert float(loss(scores, same_image(ids), MARGIN)) == pytest.approx(by_loops(scores.tolist(), ids, 0.2))


def test_by_hand():
    scores = torch.tensor([[1.0, 0.9, 0.95], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    # captions: of image 0 the third, 0.2 - 1 + 0.95; images: of captions 1 and 2 image 0, 0.1 and 0.15
    assert float(loss(scores, same_image([0, 1, 2]), MARGIN)) == pytest.approx(0.15 + 0.1 + 0.15)


def test_the_hardest_of_another_image_is_taken():
    scores = torch.tensor([[0.0, 9.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    same = same_image([0, 0, 1])  # the 9 is of the same image
    assert float(loss(scores, same, MARGIN)) == pytest.approx(by_loops(scores.tolist(), [0, 0, 1], 0.2))


def test_only_the_hardest_has_a_gradient():
    scores = torch.tensor([[0.0, 1.0, 2.0], [0.1, 9.0, 0.0], [0.0, 0.0, 9.0]], requires_grad=True)
    loss(scores, same_image([0, 1, 2]), MARGIN).backward()
    assert scores.grad.tolist() == [[-2.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_gradient_by_finite_differences():
    same, margin = same_image([0, 1, 1, 2, 3]), Parameters(margin=0.5)
    scores = random_scores(5, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda each: loss(each, same, margin), scores)


@pytest.mark.parametrize("margin", [0, -0.1, 1e7, "wide", None])
def test_a_margin_that_cannot_be_is_refused(margin):
    with pytest.raises(GxnError, match=r"^loss: margin: must be "):
        parse(Parameters, {"margin": margin}, "loss")
