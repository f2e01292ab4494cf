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
    decoder = CaptionDecoder(joint=6, words=9, word=5, hidden=7, begin="state")
    decoder.standardizer.fit(torch.tensor([[0, 0.2, 0.4, 0.6, 0.8, 1], [0.5] * 6]))
    return decoder


@pytest.fixture
def grounded():
    return torch.rand(2, 6, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def many():
    return torch.rand(60, 6, generator=torch.Generator().manual_seed(4))


@pytest.fixture
def decided(decoder):
    """A decoder that mostly says its likeliest word, which depends on the word before."""
    with torch.no_grad():
        decoder.output.weight.mul_(8)
        decoder.word.weight.mul_(30)
    return decoder


def next_state(decoder, word, state):
    """One step of torch's own GRU."""
    inputs = decoder.word(word).unsqueeze(1), state.unsqueeze(0)
    parameters = dict(decoder.gru.named_parameters())
    return functional_call(nn.GRU(5, 7, batch_first=True), parameters, inputs)[1].squeeze(0)


def one_at_a_time(decoder, grounded, targets, silent=()):
    """Log-probabilities by explicit steps."""
    read = (grounded - torch.tensor([0.25, 0.35, 0.45, 0.55, 0.65, 0.75])) / (0.175 / 6) ** 0.5
    state, word, rows = torch.tanh(decoder.start(read)), torch.full((len(grounded),), BOS), []
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


def test_scheduled_sampling_reads_what_it_would_say(decided, many):
    targets = TARGETS[:1].expand(len(many), -1)
    state, word, states = decided.first_state(many), torch.full((len(many),), BOS), []
    for _ in range(targets.shape[1]):
        state = next_state(decided, word, state)
        states.append(state)
        logits = decided.output(state).detach()
        logits[:, [PAD, BOS, UNK]] = -torch.inf
        word = logits.argmax(1)
    with torch.no_grad():
        for parameter in decided.output.parameters():
            parameter.mul_(1e4)  # so that the likeliest word is the only one
        found = decided(many, targets, sampling=1.0)
        expected = torch.log_softmax(decided.output(torch.stack(states, 1)), 2)
    torch.testing.assert_close(
        found, expected.gather(2, targets.unsqueeze(2)).squeeze(2), rtol=1e-4, atol=0.1
    )


def test_scheduled_sampling_replaces_the_share_of_words_asked_for(decided, many):
    targets = TARGETS[:1].expand(len(many), -1)
    torch.manual_seed(5)
    with torch.no_grad():
        never, some = decided(many, targets), decided(many, targets, sampling=0.3)
    changed = (
        some[:, 1] - never[:, 1]
    ).abs() > 1e-5  # the second word's input, unless the same word is drawn
    assert 0.1 < changed.double().mean() < 0.4


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


def test_one_batch_decodes_as_two(decided, many):
    torch.manual_seed(1)
    sampled, greedy, drawn = decided.sample_and_greedy(many, longest=5)
    alone = decided.greedy(many, longest=5)
    width = alone.shape[1]
    assert (greedy[:, :width] == alone).all() and (greedy[:, width:] == PAD).all()
    assert sampled.shape == greedy.shape
    assert not torch.isin(sampled[:, 0], torch.tensor([PAD, BOS, UNK])).any()
    shared = (sampled == greedy).cumprod(1).sum(1)
    assert {0, 1, 2, sampled.shape[1]} <= set(shared.tolist())  # some part at once, later, never
    ended = (sampled == EOS).any(1) & ~(greedy == EOS).any(1)
    assert ended.any()
    assert (drawn.row == (sampled != PAD).T.nonzero()[:, 1]).all()


def test_samples_follow_the_distribution(decoder, grounded):
    torch.manual_seed(2)
    many = grounded[:1].expand(20000, -1)
    sampled, _, _ = decoder.sample_and_greedy(many, longest=1)
    state = next_state(decoder, torch.tensor([BOS]), decoder.first_state(grounded[:1]))
    logits = decoder.output(state)[0].detach()
    logits[[PAD, BOS, UNK]] = -torch.inf
    counted = torch.bincount(sampled[:, 0], minlength=9) / len(sampled)
    assert torch.allclose(counted, logits.softmax(0), atol=0.015)


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_samples_are_said_with_what_they_were_drawn_from(decided, many, share):
    torch.manual_seed(3)
    kept = torch.rand(len(many)) <= share
    sampled, _, drawn = decided.sample_and_greedy(many, longest=5)
    rows, targets = many[kept], sampled[kept]
    mask = targets != PAD
    assert not mask.all()
    found = decided(rows, targets, drawn=drawn.of(kept))
    expected = one_at_a_time(decided, rows, targets, (PAD, BOS, UNK))
    assert torch.allclose(found[mask], expected[mask], atol=1e-5) and torch.isfinite(found).all()
    slopes = torch.randn(targets.shape)
    names, parameters = zip(*decided.named_parameters(), strict=True)
    gradients = torch.autograd.grad((found * slopes)[mask].sum(), parameters)
    wanted = torch.autograd.grad((expected * slopes)[mask].sum(), parameters)
    for name, gradient, want in zip(names, gradients, wanted, strict=True):
        assert torch.allclose(gradient, want, atol=1e-4), name


def test_gradients_of_teacher_forcing_equal_those_of_single_steps(decoder, grounded):
    mask, slopes = TARGETS != PAD, torch.randn(TARGETS.shape)
    names, parameters = zip(*decoder.named_parameters(), strict=True)
    gradients = torch.autograd.grad((decoder(grounded, TARGETS) * slopes)[mask].sum(), parameters)
    expected = (one_at_a_time(decoder, grounded, TARGETS) * slopes)[mask].sum()
    for name, gradient, want in zip(names, gradients, torch.autograd.grad(expected, parameters), strict=True):
        assert torch.allclose(gradient, want, atol=1e-6), name


def test_an_image_may_be_the_first_word(grounded):
    torch.manual_seed(0)
    decoder = CaptionDecoder(joint=6, words=9, word=5, hidden=7, begin="word")
    image, words = decoder.start(grounded), decoder.word(torch.tensor([[BOS, 4, 5], [BOS, 7, EOS]]))
    inputs = torch.cat([image.unsqueeze(1), words], 1)
    states = functional_call(nn.GRU(5, 7, batch_first=True), dict(decoder.gru.named_parameters()), (inputs,))[
        0
    ]
    targets = torch.tensor([[4, 5, 6], [7, EOS, PAD]])
    expected = torch.log_softmax(decoder.output(states[:, 1:]), 2).gather(2, targets.unsqueeze(2)).squeeze(2)
    found, mask = decoder(grounded, targets), targets != PAD
    assert torch.allclose(found[mask], expected[mask], atol=1e-6)
    weights = [decoder.start.weight, decoder.gru.weight_ih_l0, decoder.gru.weight_hh_l0]
    gradients = [
        torch.autograd.grad(each[mask].sum(), weights, retain_graph=True) for each in (found, expected)
    ]
    for ours, plain in zip(*gradients, strict=True):
        assert torch.allclose(ours, plain, atol=1e-5)


def test_dropout_scales_what_it_keeps_and_spares_sampled_captions(decoder, many):
    """Dropout sets a share of the states that reach the output layer to 0 and scales the rest; not in a sample."""
    seen = []
    decoder.dropout.p = 0.5
    decoder.dropout.register_forward_hook(lambda _module, inputs, output: seen.append((inputs[0], output)))
    sampled, _, drawn = decoder.sample_and_greedy(many, 5)
    decoder(many, sampled, drawn=drawn)
    assert not seen
    decoder(many, sampled)
    (before, after), dropped = seen[0], (seen[0][1] == 0).float().mean()
    assert 0.4 < dropped < 0.6 and torch.allclose(after[after != 0], 2 * before[after != 0])
