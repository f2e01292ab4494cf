"""Ranking losses of one shape, `loss(scores, same, **parameters)`, against plain double loops."""

import math
import subprocess
import sys

import pytest
import torch
from pydantic import ValidationError

from gxn.losses import hardest, hinge, infonce
from gxn.losses.ranking import ranking_loss

IDS = [[0, 1, 2, 3, 4, 5], [0, 0, 1, 2, 2, 2], [7] * 6]


def scores(size=6, seed=0, dtype=torch.float64):
    return torch.randn(size, size, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("same", IDS)
@pytest.mark.parametrize(("module", "negatives"), [(hinge, "sum"), (hardest, "hardest")])
def test_hinges_have_the_bits_of_the_ranking_loss(module, negatives, same):
    given, ids = scores(dtype=torch.float32).requires_grad_(), torch.tensor(same)
    expected = ranking_loss(given, ids, 0.2, negatives)
    (gradient,) = torch.autograd.grad(expected, given)
    found = module.loss(given, ids, margin=0.2)
    assert torch.equal(found, expected)
    assert torch.equal(torch.autograd.grad(found, given)[0], gradient)


def infonce_by_loops(scores, same, temperature):
    total, size = 0.0, len(scores)
    for i in range(size):
        others = [j for j in range(size) if j == i or same[j] != same[i]]
        for row in ([scores[i][j] for j in others], [scores[j][i] for j in others]):
            exponents = [math.exp(each / temperature) for each in row]
            total -= math.log(math.exp(scores[i][i] / temperature) / sum(exponents))
    return total / 2


@pytest.mark.parametrize("same", IDS)
@pytest.mark.parametrize("temperature", [0.05, 0.7])
def test_infonce_equals_a_double_loop(same, temperature):
    given = scores()
    found = infonce.loss(given, torch.tensor(same), temperature)
    expected = infonce_by_loops(given.tolist(), same, temperature)
    assert float(found) == pytest.approx(expected, rel=1e-12)


def test_infonce_of_equal_scores_is_log_b_for_each_pair():
    assert float(infonce.loss(torch.zeros(9, 9), torch.arange(9), 0.05)) == pytest.approx(9 * math.log(9))


def test_infonce_leaves_an_image_without_negatives_alone():
    given = scores().requires_grad_()
    found = infonce.loss(given, torch.full((6,), 3), 0.05)
    found.backward()
    assert float(found.detach()) == 0.0
    assert torch.equal(given.grad, torch.zeros(6, 6, dtype=torch.float64))


def test_infonce_with_a_second_caption_of_an_image_changes_nothing_else():
    """The scores between two pairs of one image play no part."""
    given, same = scores(), torch.tensor([0, 0, 1, 2, 3, 4])
    changed = given.clone()
    changed[0, 1], changed[1, 0] = 99.0, -99.0
    assert torch.equal(infonce.loss(given, same, 0.1), infonce.loss(changed, same, 0.1))


@pytest.mark.parametrize("module", [hinge, hardest, infonce])
def test_gradients_by_finite_differences(module):
    parameters = {"temperature": 0.3} if module is infonce else {"margin": 0.5}
    same = torch.tensor([0, 1, 1, 2, 3])
    assert torch.autograd.gradcheck(
        lambda given: module.loss(given, same, **parameters), scores(5, 1).requires_grad_()
    )


def test_a_temperature_can_be_learnt():
    temperature = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    same = torch.tensor([0, 1, 1, 2, 3])
    assert torch.autograd.gradcheck(lambda t: infonce.loss(scores(5, 1), same, t), temperature)


@pytest.mark.parametrize(
    ("module", "wrong"),
    [
        (infonce, {"temperature": 0.0}),
        (infonce, {"temperature": float("nan")}),
        (infonce, {"margin": 0.2}),
        (hinge, {}),
        (hinge, {"margin": 0.0}),
        (hardest, {"margin": "0.2"}),
    ],
)
def test_parameters_out_of_bounds_are_refused(module, wrong):
    with pytest.raises(ValidationError):
        module.Parameters(**wrong)


def test_parameters_are_what_the_loss_takes():
    for module, given in ((infonce, {}), (hinge, {"margin": 0.2}), (hardest, {"margin": 0.2})):
        found = module.loss(scores(), torch.arange(6), **module.Parameters(**given).model_dump())
        assert math.isfinite(found)


def test_importing_them_does_not_import_torch():
    code = "import sys, gxn.losses.hinge, gxn.losses.hardest, gxn.losses.infonce; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
