"""The hinge over all negatives against a plain double loop."""

import pytest
import torch

from gxn.configuration.section import parse
from gxn.errors import GxnError
from gxn.losses.ranking.hinge import Parameters, loss

MARGIN = Parameters(margin=0.2)


def random_scores(size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def same_image(ids: list[int]) -> torch.Tensor:
    image = torch.tensor(ids)
    return image.unsqueeze(0) == image.unsqueeze(1)


def by_loops(scores: list[list[float]], ids: list[int], margin: float) -> float:
    total = 0.0
    for i in range(len(scores)):
        for j in range(len(scores)):
            if ids[i] != ids[j]:
                total += max(0.0, margin - scores[i][i] + scores[i][j])
                total += max(0.0, margin - scores[i][i] + scores[j][i])
    return total


@pytest.mark.parametrize("ids", [[0, 1, 2, 3, 4, 5], [0, 0, 1, 2, 2, 2], [7] * 6])
def test_equals_a_double_loop(ids):
    scores = random_scores(6)
    assert float(loss(scores, same_image(ids), MARGIN)) == pytest.approx(by_loops(scores.tolist(), ids, 0.2))


def test_by_hand():
    scores = torch.tensor([[1.0, 0.9], [0.5, 0.8]])
    # captions: 0.2 - 1 + 0.9, 0.2 - 0.8 + 0.5 < 0; images: 0.2 - 1 + 0.5 < 0, 0.2 - 0.8 + 0.9
    assert float(loss(scores, same_image([0, 1]), MARGIN)) == pytest.approx(0.1 + 0.3)


def test_pairs_of_one_image_are_no_negatives_of_each_other():
    scores = torch.tensor([[0.0, 9.0], [9.0, 0.0]])
    assert float(loss(scores, same_image([4, 4]), MARGIN)) == 0.0


def test_pairs_of_two_images_are():
    scores = torch.tensor([[0.0, 9.0], [9.0, 0.0]])
    assert float(loss(scores, same_image([4, 5]), MARGIN)) == pytest.approx(4 * 9.2)


def test_negatives_beyond_the_margin_have_no_gradient():
    scores = torch.tensor([[1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    loss(scores, same_image([0, 1]), MARGIN).backward()
    assert not scores.grad.any()


def test_gradient_by_finite_differences():
    same, margin = same_image([0, 1, 1, 2, 3]), Parameters(margin=0.5)
    scores = random_scores(5, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda each: loss(each, same, margin), scores)


def test_the_batch_is_summed_not_averaged():
    """Twice the same batch, its halves strangers to each other at scores far below: twice the loss."""
    scores, far = random_scores(4), torch.full((4, 4), -99.0, dtype=torch.float64)
    twice = torch.cat([torch.cat([scores, far], 1), torch.cat([far, scores], 1)])
    ids = [0, 1, 2, 2]
    double = loss(twice, same_image([*ids, *(each + 9 for each in ids)]), MARGIN)
    assert float(double) == pytest.approx(2 * float(loss(scores, same_image(ids), MARGIN)))


@pytest.mark.parametrize("margin", [0, -0.1, 1e7, "wide", None])
def test_a_margin_that_cannot_be_is_refused(margin):
    with pytest.raises(GxnError, match=r"^loss: margin: must be "):
        parse(Parameters, {"margin": margin}, "loss")
