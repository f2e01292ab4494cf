"""InfoNCE against a plain double loop."""

import math

import pytest
import torch

from gxn.configuration.section import parse
from gxn.errors import GxnError
from gxn.losses.ranking.infonce import Parameters, loss

IDS = [[0, 1, 2, 3, 4, 5], [0, 0, 1, 2, 2, 2], [7] * 6]


def scores(size=6, seed=0):
    return torch.randn(size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def same_image(ids):
    ids = torch.as_tensor(ids)
    return ids.unsqueeze(0) == ids.unsqueeze(1)


def by_loops(scores, ids, temperature):
    total, size = 0.0, len(scores)
    for i in range(size):
        others = [j for j in range(size) if j == i or ids[j] != ids[i]]
        for row in ([scores[i][j] for j in others], [scores[j][i] for j in others]):
            exponents = [math.exp(each / temperature) for each in row]
            total -= math.log(math.exp(scores[i][i] / temperature) / sum(exponents))
    return total / 2


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("temperature", [0.05, 0.7])
def test_equals_a_double_loop(ids, temperature):
    found = loss(scores(), same_image(ids), Parameters(temperature=temperature))
    assert float(found) == pytest.approx(by_loops(scores().tolist(), ids, temperature), rel=1e-12)


def test_equals_torchs_cross_entropy_in_both_directions():
    cross_entropy, pairs = torch.nn.functional.cross_entropy, torch.arange(6)
    expected = 3 * (cross_entropy(scores() / 0.05, pairs) + cross_entropy(scores().T / 0.05, pairs))
    assert float(loss(scores(), same_image(pairs), Parameters())) == pytest.approx(float(expected), rel=1e-12)


def test_equal_scores_give_log_b_for_each_pair():
    found = loss(torch.zeros(9, 9), same_image(torch.arange(9)), Parameters())
    assert float(found) == pytest.approx(9 * math.log(9))


def test_pairs_of_one_image_alone_have_neither_loss_nor_gradient():
    given = scores().requires_grad_()
    found = loss(given, same_image([3] * 6), Parameters())
    found.backward()
    assert float(found.detach()) == 0.0 and not given.grad.any()


def test_scores_between_pairs_of_one_image_play_no_part():
    same = same_image([0, 0, 1, 2, 3, 4])
    changed = scores()
    changed[0, 1], changed[1, 0] = 99.0, -99.0
    assert torch.equal(loss(scores(), same, Parameters()), loss(changed, same, Parameters()))


def test_gradient_by_finite_differences():
    same, parameters = same_image([0, 1, 1, 2, 3]), Parameters(temperature=0.3)
    assert torch.autograd.gradcheck(
        lambda given: loss(given, same, parameters), scores(5, 1).requires_grad_()
    )


@pytest.mark.parametrize("wrong", [0.0, 0.001, 2, float("nan"), "cold"])
def test_a_temperature_out_of_bounds_is_refused(wrong):
    with pytest.raises(GxnError, match=r"loss: temperature: "):
        parse(Parameters, {"temperature": wrong}, "loss")
