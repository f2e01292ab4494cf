"""Encoders: spaces, norms, and that padding and company in a batch change nothing."""

from dataclasses import replace

import pytest
import torch

from gxn.errors import GxnError
from gxn.models.encoders import EncoderConfig, Encoders, EncoderSizes, encode_captions

SIZES = EncoderSizes(feature=6, words=20, word=8, hidden=10, joint=12)
TOKENS = torch.tensor([[4, 5, 6, 7, 8], [9, 10, 11, 0, 0], [12, 0, 0, 0, 0]])
LENGTHS = torch.tensor([5, 3, 1])


CONFIG = EncoderConfig(
    ("abstract", "grounded"), "order", 0.05, 0.3, True, True, "mean", "last", "shared", False
)


def make(**changes):
    torch.manual_seed(0)
    return Encoders(replace(CONFIG, **changes), SIZES)


@pytest.mark.parametrize("similarity", ["cosine", "order"])
def test_embeddings_are_unit_and_orthant_only_for_order(similarity):
    encoders = make(similarity=similarity)
    every = encoders.images(torch.randn(3, 6)) + encoders.texts(TOKENS, LENGTHS)
    for space in every:
        assert torch.allclose(space.norm(dim=1), torch.ones(3), atol=1e-5)
        assert (space >= 0).all() == (similarity == "order")


def test_a_caption_alone_embeds_as_in_company():
    encoders = make()
    together = encoders.texts(TOKENS, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = encoders.texts(TOKENS[row : row + 1, :length], LENGTHS[row : row + 1])
        for a, b in zip(alone, together, strict=True):
            assert torch.allclose(a[0], b[row], atol=1e-6)


def test_abstract_reads_both_ways_and_grounded_forward():
    encoders = make()
    turned = torch.tensor([[8, 7, 6, 5, 4]])
    abstract, grounded = encoders.texts(TOKENS[:1], LENGTHS[:1])
    abstract_turned, grounded_turned = encoders.texts(turned, LENGTHS[:1])
    assert not torch.allclose(abstract, abstract_turned) and not torch.allclose(grounded, grounded_turned)
    assert encoders.rnn["abstract"] is not encoders.rnn["grounded"]


def test_weights_mix_to_one():
    assert CONFIG.weights == [0.3, 0.7]
    assert replace(CONFIG, spaces=("grounded",)).weights == [1.0]


def test_encoding_in_batches_keeps_the_order():
    encoders = make()
    tokens = torch.randint(3, 20, (17, 5), generator=torch.Generator().manual_seed(1))
    lengths = torch.randint(1, 6, (17,), generator=torch.Generator().manual_seed(2))
    tokens[torch.arange(5) >= lengths.unsqueeze(1)] = 0
    order = torch.argsort(lengths, descending=True)
    with torch.no_grad():
        whole = encoders.texts(tokens[order], lengths[order])
    for part, all_at_once in zip(encode_captions(encoders, tokens, lengths, 4), whole, strict=True):
        assert torch.allclose(part[order], all_at_once, atol=1e-6)


def test_embeddings_as_they_are_projected():
    torch.manual_seed(1)
    features = torch.randn(3, 6)
    plain, unit, signed = (
        make(**changes).images(features)[1]
        for changes in ({"normalise": False, "absolute": False}, {"absolute": False}, {"normalise": False})
    )
    assert (plain < 0).any() and not torch.allclose(plain.norm(dim=1), torch.ones(3), atol=1e-2)
    assert torch.allclose(unit, plain / plain.norm(dim=1, keepdim=True), atol=1e-6)
    assert torch.equal(signed, plain.abs())


@pytest.mark.parametrize(("space", "key"), [(0, "abstract_state"), (1, "grounded_state")])
def test_a_caption_is_the_mean_or_the_last_state(space, key):
    mean, last = (make(**{key: state}) for state in ("mean", "last"))
    name = mean.spaces[space]
    states = torch.nn.GRU(8, 10, batch_first=True, bidirectional=space == 0)
    states.load_state_dict(mean.rnn[name].state_dict())
    read, final = states(mean.words_of(name)(TOKENS[:1]))
    for encoders, state in ((mean, read.mean(1)), (last, torch.cat(tuple(final), 1))):
        expected = torch.nn.functional.normalize(encoders.text[name](state)).abs()
        assert torch.allclose(encoders.texts(TOKENS, LENGTHS)[space][:1], expected, atol=1e-6)


def test_spaces_read_one_word_embedding_or_their_own():
    shared, own = make(), make(words="own")
    assert shared.words_of("abstract") is shared.words_of("grounded")
    before = own.texts(TOKENS, LENGTHS)
    with torch.no_grad():
        own.words_of("abstract").weight.mul_(-2)
    after = own.texts(TOKENS, LENGTHS)
    assert not torch.allclose(before[0], after[0]) and torch.equal(before[1], after[1])
    assert torch.equal(own.text_space(TOKENS, LENGTHS, "grounded"), after[1])


def test_an_unknown_similarity_is_refused():
    with pytest.raises(GxnError, match=r"similarity: must be one of cosine, order, .*, not 'dot'"):
        make(similarity="dot")


@pytest.mark.parametrize("spaces", [(), ("foo",), ("abstract", "foo"), ("grounded", "grounded")])
def test_spaces_that_are_not_known_are_refused(spaces):
    with pytest.raises(GxnError, match=r"encoders\.spaces: must be abstract, grounded or both, not \("):
        make(spaces=spaces)
