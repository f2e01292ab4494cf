"""The hinge against a plain double loop."""

import pytest
import torch

from gxn.losses.ranking import ranking_loss


def brute_force(scores, image_ids, margin, negatives):
    total, size = 0.0, len(scores)
    for i in range(size):
        others = [j for j in range(size) if image_ids[j] != image_ids[i]]
        for costs in (
            [max(0.0, margin - scores[i][i] + scores[i][j]) for j in others],
            [max(0.0, margin - scores[i][i] + scores[j][i]) for j in others],
        ):
            total += (max(costs, default=0.0)) if negatives == "hardest" else sum(costs)
    return total


@pytest.mark.parametrize("negatives", ["sum", "hardest"])
@pytest.mark.parametrize("image_ids", [[0, 1, 2, 3, 4, 5], [0, 0, 1, 2, 2, 2], [7] * 6])
def test_equals_a_double_loop(negatives, image_ids):
    scores = torch.randn(6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    loss = ranking_loss(scores, torch.tensor(image_ids), 0.2, negatives)
    assert float(loss) == pytest.approx(brute_force(scores.tolist(), image_ids, 0.2, negatives))


@pytest.mark.parametrize("negatives", ["sum", "hardest"])
def test_gradient_by_finite_differences(negatives):
    scores = torch.randn(5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    ids = torch.tensor([0, 1, 1, 2, 3])
    assert torch.autograd.gradcheck(lambda s: ranking_loss(s, ids, 0.5, negatives), scores.requires_grad_())


def test_captions_of_the_same_image_are_no_negatives():
    scores = torch.tensor([[0.0, 9.0], [9.0, 0.0]])
    assert float(ranking_loss(scores, torch.tensor([4, 4]), 0.2, "hardest")) == 0.0
    assert float(ranking_loss(scores, torch.tensor([4, 5]), 0.2, "hardest")) == pytest.approx(4 * 9.2)
