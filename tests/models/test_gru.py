"""The GRU against `torch.nn.GRU` run on each sentence alone, forward, backward and in its parameters."""

import pytest
import torch
from torch import Tensor, nn

from gxn.models.gru import GRU, Sentences, pack
from gxn.models.poolings import last, mean

WORDS = 7
POOLS = {True: mean.pool, False: last.pool}


class OnCard(Tensor):
    """Words that say they are on a card, so that what a card computes is computed here."""

    @property
    def is_cuda(self) -> bool:
        return True


def sentences(lengths: list[int], embedding: nn.Embedding) -> Sentences:
    """Sentences of random words, some of which occur twice, with a column that no sentence reaches."""
    words = torch.randint(WORDS, (len(lengths), max(lengths) + 1))
    return Sentences(embedding, words, torch.tensor(lengths))


def alone(gru: nn.GRU, read: Sentences, is_mean: bool) -> Tensor:
    """Mean or last states, sentence by sentence, without padding."""
    rows = []
    for row, length in zip(read.words, read.lengths.tolist(), strict=True):
        states, final = gru(read.embedding(row[None, :length]))
        rows.append(states[0].mean(0) if is_mean else final.flatten())
    return torch.stack(rows)


@pytest.mark.parametrize("is_mean", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [[4, 1, 5, 4], [3, 3], [1], [2, 1, 6]])
def test_equals_torch(bidirectional, lengths, is_mean):
    torch.manual_seed(0)
    gru, reference = GRU(3, 5, bidirectional), nn.GRU(3, 5, batch_first=True, bidirectional=bidirectional)
    reference.load_state_dict(gru.state_dict())
    read = sentences(lengths, nn.Embedding(WORDS, 3))
    found, expected = gru(read, POOLS[is_mean]), alone(reference, read, is_mean)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    grad_output = torch.randn_like(expected)
    gradients = [
        torch.autograd.grad(outputs, (read.embedding.weight, *module.parameters()), grad_output)
        for outputs, module in ((found, gru), (expected, reference))
    ]
    for pair in zip(*gradients, strict=True):
        torch.testing.assert_close(*pair, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("is_mean", [False, True])
@pytest.mark.parametrize("lengths", [[4, 1, 5, 4], [5, 3, 3, 1]])
def test_what_a_card_computes_equals_torch(lengths, is_mean, half):
    """In float32, autocast or not; here it is computed on the CPU."""
    torch.manual_seed(0)
    gru, reference = GRU(3, 5, True), nn.GRU(3, 5, batch_first=True, bidirectional=True)
    reference.load_state_dict(gru.state_dict())
    read = sentences(lengths, nn.Embedding(WORDS, 3))
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        there = Sentences(read.embedding, read.words.as_subclass(OnCard), read.lengths)
        found = gru(there, POOLS[is_mean]).as_subclass(Tensor)
    torch.testing.assert_close(found, alone(reference, read, is_mean), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("lengths", [[4, 1, 5, 4], [3, 3], [2]])
def test_all_states_after_a_given_one(lengths):
    torch.manual_seed(1)
    gru, reference = GRU(3, 5), nn.GRU(3, 5, batch_first=True)
    reference.load_state_dict(gru.state_dict())
    read = sentences(lengths, nn.Embedding(WORDS, 3))
    h0 = torch.randn(len(lengths), 5, requires_grad=True)
    whole, _ = reference(read.embedding(read.words), h0.unsqueeze(0))
    expected = whole[read.layout.row, read.layout.step]
    found, grad_output = gru.steps(read, h0), torch.randn_like(expected)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(gru.all_steps(read.embedding(read.words), h0), whole)
    gradients = [
        torch.autograd.grad(outputs, (h0, read.embedding.weight, *module.parameters()), grad_output)
        for outputs, module in ((found, gru), (expected, reference))
    ]
    for pair in zip(*gradients, strict=True):
        torch.testing.assert_close(*pair, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("half", [False, True])
def test_one_more_step(half):
    torch.manual_seed(1)
    gru, inputs, state = GRU(3, 5), torch.randn(4, 3), torch.randn(4, 5)
    reference = nn.GRUCell(3, 5)
    reference.load_state_dict({name.removesuffix("_l0"): each for name, each in gru.state_dict().items()})
    expected = reference(inputs, state)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        found = gru.one_step(inputs, state)
    torch.testing.assert_close(found, expected.detach())


def test_wide_states_equal_torch():
    torch.manual_seed(1)
    gru, reference = GRU(3, 260), nn.GRU(3, 260, batch_first=True)
    reference.load_state_dict(gru.state_dict())
    read = sentences([3, 1, 4], nn.Embedding(WORDS, 3))
    found, expected = gru(read, last.pool), alone(reference, read, False)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    gradients = [
        torch.autograd.grad(outputs.square().sum(), tuple(module.parameters()))
        for outputs, module in ((found, gru), (expected, reference))
    ]
    for pair in zip(*gradients, strict=True):
        torch.testing.assert_close(*pair, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("has_h0", [False, True])
@pytest.mark.parametrize("reverse", [0, 1])
def test_gradients_against_finite_differences(has_h0, reverse):
    torch.manual_seed(1)
    gru, read = GRU(2, 3, bidirectional=True).double(), sentences([3, 1, 4], nn.Embedding(WORDS, 2).double())
    h0 = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    suffix = "_reverse" if reverse else ""
    named = {name: each for name, each in gru.named_parameters() if name.endswith(f"l0{suffix}")}
    parameters = (read.embedding.weight, *named.values(), *([h0] if has_h0 else []))

    def states(*given):
        return gru.steps(Sentences(read.embedding, read.words, read.lengths), h0 if has_h0 else None, reverse)

    assert torch.autograd.gradcheck(states, parameters)


def test_a_layout_takes_every_word_in_its_turn():
    words, lengths = torch.tensor([[5, 6, 0], [5, 5, 4]]), torch.tensor([2, 3])
    layout = pack(lengths)
    assert layout.batch_sizes == [2, 2, 1]
    assert layout.row.tolist() == [1, 0, 1, 0, 1] and layout.step.tolist() == [0, 0, 1, 1, 2]
    forwards = words[layout.row, layout.step]
    assert forwards.tolist() == [5, 5, 5, 6, 4] and forwards[layout.reversed].tolist() == [4, 6, 5, 5, 5]


def test_ignores_what_lies_past_the_end():
    torch.manual_seed(2)
    gru, embedding = GRU(3, 4, True), nn.Embedding(WORDS, 3)
    read = sentences([2, 5], embedding)
    spoilt = read.words.clone()
    spoilt[0, 2:] = WORDS  # no such word
    for pool in POOLS.values():
        assert torch.equal(gru(read, pool), gru(Sentences(embedding, spoilt, read.lengths), pool))


def test_without_gradients():
    gru, read = GRU(3, 4), sentences([5, 3], nn.Embedding(WORDS, 3))
    with torch.no_grad():
        found = gru(read, last.pool)
    assert not found.requires_grad
    torch.testing.assert_close(found, gru(read, last.pool).detach())


def test_autocast_leaves_the_states_in_single_precision():
    torch.manual_seed(0)
    gru, read = GRU(5, 6, bidirectional=True), sentences([7, 2, 5, 1], nn.Embedding(WORDS, 5))
    expected, gradients = gru(read, last.pool), []
    for half in (False, True):
        gru.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            found = gru(read, last.pool)
            (gru(read, mean.pool).sum() + found.sum()).backward(retain_graph=True)
        assert torch.equal(found, expected)
        gradients.append(gru.weight_hh_l0.grad.clone())
    assert torch.equal(*gradients)
