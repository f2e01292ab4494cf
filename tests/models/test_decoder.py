"""RNN_Dec against a decoder that takes one step at a time."""

import pytest
import torch
from torch import nn
from torch.func import functional_call

from gxn.datasets.words import BOS, EOS, PAD, UNK
from gxn.models.decoder import CaptionDecoder

TARGETS = torch.tensor([[4, 5, 6, EOS], [7, EOS, PAD, PAD]])


@pytest.fixture
def decoder():
    torch.manual_seed(0)
    return CaptionDecoder(joint=6, words=9, word=5, hidden=7)


@pytest.fixture
def grounded():
    return torch.rand(2, 6, generator=torch.Generator().manual_seed(3))


def next_state(decoder, word, state):
    """One step of torch's own GRU."""
    inputs = decoder.word(word).unsqueeze(1), state.unsqueeze(0)
    parameters = dict(decoder.gru.named_parameters())
    return functional_call(nn.GRU(5, 7, batch_first=True), parameters, inputs)[1].squeeze(0)


def one_at_a_time(decoder, grounded, targets, silent=()):
    """Log-probabilities by explicit steps."""
    state, word, rows = torch.tanh(decoder.start(grounded * 6**0.5)), torch.full((len(grounded),), BOS), []
    for step in range(targets.shape[1]):
        state = next_state(decoder, word, state)
        logits = decoder.output(state)
        logits[:, list(silent)] = -torch.inf
        word = targets[:, step]
        rows.append(torch.log_softmax(logits, 1).gather(1, word.unsqueeze(1)).squeeze(1))
    return torch.stack(rows, 1)


def test_teacher_forcing_equals_single_steps(decoder, grounded):
    found, mask = decoder(grounded, TARGETS), TARGETS != PAD
    assert torch.allclose(found[mask], one_at_a_time(decoder, grounded, TARGETS)[mask], atol=1e-6)
    assert (found[~mask] == 0).all()


def test_scheduled_sampling_at_its_ends(decoder, grounded):
    never = decoder(grounded, TARGETS, sampling=1e-12)
    assert torch.allclose(never, decoder(grounded, TARGETS), atol=1e-6)
    always = decoder(grounded, TARGETS, sampling=1.0)
    assert torch.allclose(always[:, 0], never[:, 0], atol=1e-6)  # the first input is BOS either way
    assert not torch.allclose(always[0, 1:], never[0, 1:])


def test_greedy_takes_the_likeliest_word_and_stops(decoder, grounded):
    spoken = decoder.greedy(grounded, longest=6)
    state, word = decoder.first_state(grounded), torch.full((2,), BOS)
    ended = [False, False]
    for step in range(spoken.shape[1]):
        state = next_state(decoder, word, state)
        logits = decoder.output(state).detach()
        logits[:, [PAD, BOS, UNK]] = -torch.inf
        for row in range(2):
            expected = PAD if ended[row] else int(logits[row].argmax())
            assert int(spoken[row, step]) == expected
            ended[row] |= expected == EOS
        word = spoken[:, step]


def test_one_batch_decodes_as_two(decoder, grounded):
    torch.manual_seed(1)
    sampled, greedy, _ = decoder.sample_and_greedy(grounded, longest=5)
    alone = decoder.greedy(grounded, longest=5)
    width = alone.shape[1]
    assert (greedy[:, :width] == alone).all() and (greedy[:, width:] == PAD).all()
    assert sampled.shape == greedy.shape
    assert not torch.isin(sampled[:, 0], torch.tensor([PAD, BOS, UNK])).any()


def test_samples_follow_the_distribution(decoder, grounded):
    torch.manual_seed(2)
    many = grounded[:1].expand(20000, -1)
    sampled, _, _ = decoder.sample_and_greedy(many, longest=1)
    state = next_state(decoder, torch.tensor([BOS]), decoder.first_state(grounded[:1]))
    logits = decoder.output(state)[0].detach()
    logits[[PAD, BOS, UNK]] = -torch.inf
    counted = torch.bincount(sampled[:, 0], minlength=9) / len(sampled)
    assert torch.allclose(counted, logits.softmax(0), atol=0.015)


def test_samples_are_said_with_what_they_were_drawn_from(decoder, grounded):
    torch.manual_seed(3)
    many = grounded.repeat(20, 1)
    sampled, _, drawn = decoder.sample_and_greedy(many, longest=5)
    mask = sampled != PAD
    assert len(drawn.totals) == mask.sum() and not mask.all()
    found = decoder(many, sampled, drawn=drawn)
    expected = one_at_a_time(decoder, many, sampled, (PAD, BOS, UNK))
    assert torch.allclose(found[mask], expected[mask], atol=1e-6) and torch.isfinite(found).all()
    slopes = torch.randn(sampled.shape)
    names, parameters = zip(*decoder.named_parameters(), strict=True)
    gradients = torch.autograd.grad((found * slopes)[mask].sum(), parameters)
    wanted = torch.autograd.grad((expected * slopes)[mask].sum(), parameters)
    for name, gradient, want in zip(names, gradients, wanted, strict=True):
        assert torch.allclose(gradient, want, atol=1e-5), name


def test_gradients_of_teacher_forcing_equal_those_of_single_steps(decoder, grounded):
    mask, slopes = TARGETS != PAD, torch.randn(TARGETS.shape)
    names, parameters = zip(*decoder.named_parameters(), strict=True)
    gradients = torch.autograd.grad((decoder(grounded, TARGETS) * slopes)[mask].sum(), parameters)
    expected = (one_at_a_time(decoder, grounded, TARGETS) * slopes)[mask].sum()
    for name, gradient, want in zip(names, gradients, torch.autograd.grad(expected, parameters), strict=True):
        assert torch.allclose(gradient, want, atol=1e-6), name
