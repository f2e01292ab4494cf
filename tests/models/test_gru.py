"""The GRU against `torch.nn.GRU` run on each sequence alone, forward, backward and in its parameters."""

import pytest
import torch
from torch import Tensor, nn

from gxn.models.gru import GRU


def alone(gru: nn.GRU, embedded: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """States and last states, sequence by sequence, without padding."""
    states, last = [], []
    for row, length in zip(embedded, lengths.tolist(), strict=True):
        found, final = gru(row[None, :length])
        states.append(nn.functional.pad(found[0], (0, 0, 0, len(row) - length)))
        last.append(final.flatten())
    return torch.stack(states), torch.stack(last)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [[4, 1, 5, 4], [3, 3], [1], [2, 1, 6]])
def test_equals_torch(bidirectional, lengths):
    torch.manual_seed(0)
    lengths = torch.tensor(lengths)
    embedded = torch.randn(len(lengths), 6, 3, requires_grad=True)
    gru, reference = GRU(3, 5, bidirectional), nn.GRU(3, 5, batch_first=True, bidirectional=bidirectional)
    reference.load_state_dict(gru.state_dict())
    found, expected = gru(embedded, lengths), alone(reference, embedded, lengths)
    slopes = [torch.randn_like(each) for each in expected]
    for pair in zip(found, expected, strict=True):
        torch.testing.assert_close(*pair, rtol=1e-5, atol=1e-6)
    gradients = [
        torch.autograd.grad(outputs, (embedded, *module.parameters()), slopes)
        for outputs, module in ((found, gru), (expected, reference))
    ]
    for pair in zip(*gradients, strict=True):
        torch.testing.assert_close(*pair, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_gradients_against_finite_differences(bidirectional):
    torch.manual_seed(1)
    gru, lengths = GRU(2, 3, bidirectional).double(), torch.tensor([3, 1, 4])
    embedded = torch.randn(3, 4, 2, dtype=torch.float64, requires_grad=True)

    def call(embedded, *parameters):
        named = dict(zip(dict(gru.named_parameters()), parameters, strict=True))
        return torch.func.functional_call(gru, named, (embedded, lengths))

    assert torch.autograd.gradcheck(call, (embedded, *gru.parameters()))


def test_ignores_what_lies_past_the_end():
    torch.manual_seed(2)
    gru, lengths, embedded = GRU(3, 4, True), torch.tensor([2, 5]), torch.randn(2, 5, 3)
    spoilt = embedded.clone()
    spoilt[0, 2:] = torch.nan
    for pair in zip(gru(embedded, lengths), gru(spoilt, lengths), strict=True):
        assert torch.equal(*pair)
    assert not gru(spoilt, lengths)[0][0, 2:].any()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_words_that_stand_there_twice(bidirectional):
    """The embedding's gradient is the same whether a word is multiplied once or each time."""
    torch.manual_seed(3)
    gru, embedding, lengths = GRU(3, 4, bidirectional), nn.Embedding(6, 3), torch.tensor([5, 3, 4])
    words = torch.randint(6, (3, 5))
    results = []
    for known in (None, words):
        states, last = gru(embedding(words), lengths, known)
        loss = (states.cumsum(1).cumsum(2) * 0.1).sum() + last.square().sum()
        results.append((states, last, *torch.autograd.grad(loss, (embedding.weight, *gru.parameters()))))
    for pair in zip(*results, strict=True):
        torch.testing.assert_close(*pair, rtol=1e-5, atol=1e-5)


def test_without_gradients():
    gru, embedded, lengths = GRU(3, 4), torch.randn(2, 5, 3), torch.tensor([5, 3])
    with torch.no_grad():
        states, last = gru(embedded, lengths)
    assert not states.requires_grad
    torch.testing.assert_close(last, states[[0, 1], lengths - 1])


def test_autocast_leaves_the_states_in_single_precision():
    torch.manual_seed(0)
    gru, inputs, lengths = GRU(5, 6, bidirectional=True), torch.randn(4, 7, 5), torch.tensor([7, 2, 5, 1])
    expected, gradients = gru(inputs, lengths)[1], []
    for half in (False, True):
        gru.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            states, last = gru(inputs, lengths)
            (states.sum() + last.sum()).backward()
        assert torch.equal(last, expected)
        gradients.append(gru.weight_hh_l0.grad.clone())
    assert torch.equal(*gradients)
