"""Poolings against loops over each caption's states."""

import subprocess
import sys

import pytest
import torch

from gxn import plugins
from gxn.configuration.section import parse
from gxn.errors import GxnError
from gxn.models.poolings import bag, gpo, last, mean

LENGTHS = torch.tensor([3, 1, 4, 2])


def packed(lengths=LENGTHS, width=5, seed=0):
    """States of captions of those lengths in a mixed order, and the same caption by caption."""
    generator = torch.Generator().manual_seed(seed)
    row = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
    step = torch.cat([torch.arange(length) for length in lengths])
    states = torch.randn(len(row), width, generator=generator, dtype=torch.float64)
    alone = [states[row == each] for each in range(len(lengths))]
    mixed = torch.randperm(len(row), generator=generator)
    return (states[mixed], row[mixed], step[mixed], lengths), alone


def generalized(seed=0):
    torch.manual_seed(seed)
    return gpo.build(gpo.Parameters()).double()


def mean_pool():
    return mean.build(mean.Parameters())


def last_pool():
    return last.build(last.Parameters())


def test_mean_and_last():
    given, alone = packed()
    assert torch.allclose(mean_pool()(*given), torch.stack([each.mean(0) for each in alone]))
    assert torch.equal(last_pool()(*given), torch.stack([each[-1] for each in alone]))
    assert bag.build(bag.Parameters()) is mean_pool()


def test_a_bag_alone_reads_words():
    found = {
        name: plugins.load("gxn.models.poolings", name).READS for name in plugins.names("gxn.models.poolings")
    }
    assert found == {"bag": "words", "gpo": "states", "last": "states", "mean": "states"}


@pytest.mark.parametrize("build", [mean_pool, last_pool, generalized])
def test_gradients_by_finite_differences(build):
    (states, *rest), _ = packed(width=3)
    pool = build()
    assert torch.autograd.gradcheck(lambda given: pool(given, *rest), states.requires_grad_())


def test_gradients_of_the_weights_by_finite_differences():
    pool, (given, _) = generalized(), packed(width=2)
    parameters = dict(pool.named_parameters())

    def pooled(*values):
        return torch.func.functional_call(pool, dict(zip(parameters, values, strict=True)), given)

    small = {"score.weight", "rnn.bias_ih_l0"}
    values = [each.detach().requires_grad_(name in small) for name, each in parameters.items()]
    assert torch.autograd.gradcheck(pooled, values)


def test_weights_sum_to_one_over_the_steps_there_are():
    weights = generalized().weights(LENGTHS)
    assert torch.allclose(weights.sum(1), torch.ones(4, dtype=torch.float64))
    past = torch.arange(4) >= LENGTHS.unsqueeze(1)
    assert (weights[past] == 0).all() and (weights[~past] > 0).all()
    assert not torch.allclose(weights[2], torch.full((4,), 0.25, dtype=torch.float64))


def test_weights_of_a_length_are_the_same_in_any_company():
    pool = generalized()
    together = pool.weights(LENGTHS)
    for which, length in enumerate(LENGTHS):
        assert torch.allclose(pool.weights(length[None])[0], together[which, :length])


def test_equal_weights_are_mean_pooling():
    pool, (given, alone) = generalized(), packed()
    torch.nn.init.zeros_(pool.score.weight)
    assert torch.allclose(pool(*given), torch.stack([each.mean(0) for each in alone]))


def test_each_dimension_is_sorted_on_its_own():
    pool, (given, alone) = generalized(), packed()
    weights = pool.weights(LENGTHS)
    expected = [
        weights[row, : len(each)] @ each.sort(0, descending=True).values for row, each in enumerate(alone)
    ]
    assert torch.allclose(pool(*given), torch.stack(expected))
    assert torch.equal(pool(*given)[1], alone[1][0])  # one state only


def test_the_order_of_the_states_changes_nothing():
    pool, ((states, row, step, lengths), _) = generalized(), packed()
    turned = lengths[row] - 1 - step
    assert torch.equal(pool(states, row, step, lengths), pool(states, row, turned, lengths))


@pytest.mark.parametrize("wrong", [{"hidden": 0}, {"position_dim": 7}, {"temperature": 0.0}, {"heads": 2}])
def test_parameters_out_of_bounds_are_refused(wrong):
    with pytest.raises(GxnError, match=f"pooling: {next(iter(wrong))}: "):
        parse(gpo.Parameters, wrong, "pooling")


def test_importing_them_does_not_import_torch():
    code = (
        "import sys; from gxn.models.poolings import bag, gpo, last, mean; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
