"""Encoders: spaces, norms, and that padding and company in a batch change nothing."""

import pytest
import torch

from gxn.configuration.networks import EncoderSettings
from gxn.errors import GxnError
from gxn.models.encoders import Encoders, EncoderSizes, encode_captions, linear, space_weights

SIZES = EncoderSizes(feature_dim=6, vocab_size=20, embed_dim=8, text_hidden=10, joint_dim=12)
TOKENS = torch.tensor([[4, 5, 6, 7, 8], [9, 10, 11, 0, 0], [12, 0, 0, 0, 0]])
LENGTHS = torch.tensor([5, 3, 1])
SETTINGS = {
    "spaces": ["abstract", "grounded"], "similarity": "order", "abstract_weight": 0.3, "normalise": True,
    "absolute": True, "abstract_pooling": "mean", "grounded_pooling": "last", "word_embeddings": "shared",
    "same_image_negatives": False, "each_space_weight": 0.0,
    "drop_features": 0.0, "drop_words": 0.0, "drop_states": 0.0,
}  # fmt: skip


def make(**changes) -> Encoders:
    torch.manual_seed(0)
    return Encoders(EncoderSettings(**SETTINGS | changes), SIZES)


@pytest.mark.parametrize("similarity", ["cosine", "order"])
class TestEmbeddings:
    def all_of(self, similarity):
        encoders = make(similarity=similarity)
        return encoders.images(torch.randn(3, 6)) + encoders.texts(TOKENS, LENGTHS)

    def test_have_length_one(self, similarity):
        for space in self.all_of(similarity):
            torch.testing.assert_close(space.norm(dim=1), torch.ones(3))

    def test_are_non_negative_only_where_an_order_wants_it(self, similarity):
        assert all((space >= 0).all() == (similarity == "order") for space in self.all_of(similarity))


class TestProjections:
    """Embeddings of images without normalisation, or without the absolute value."""

    FEATURES = torch.randn(3, 6, generator=torch.Generator().manual_seed(1))

    def plain(self):
        return make(normalise=False, absolute=False).images(self.FEATURES)[1]

    def test_they_are_maps_of_normalised_features(self):
        encoders = make(normalise=False, absolute=False)
        unit = self.FEATURES / self.FEATURES.norm(dim=1, keepdim=True)
        torch.testing.assert_close(encoders.images(self.FEATURES)[1], encoders.image["grounded"](unit))

    def test_normalisation_divides_by_the_length(self):
        expected = self.plain() / self.plain().norm(dim=1, keepdim=True)
        torch.testing.assert_close(make(absolute=False).images(self.FEATURES)[1], expected)

    def test_absolute_takes_the_sign_away(self):
        assert torch.equal(make(normalise=False).images(self.FEATURES)[1], self.plain().abs())


FEATURES = torch.randn(3, 6, generator=torch.Generator().manual_seed(2))
SHARES = {"drop_features": 0.4, "drop_words": 0.4, "drop_states": 0.4}


def test_nothing_is_dropped_but_where_it_is_said():
    plain, dropped = make(), make(**SHARES)
    for one, two in (
        (plain.images(FEATURES), dropped.images(FEATURES)),
        (plain.texts(TOKENS, LENGTHS), dropped.texts(TOKENS, LENGTHS)),
    ):
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    with dropped.dropping():
        assert not torch.equal(dropped.images(FEATURES)[0], plain.images(FEATURES)[0])
    assert torch.equal(dropped.images(FEATURES)[0], plain.images(FEATURES)[0])


@pytest.mark.parametrize("key", SHARES)
def test_each_share_drops_its_own(key):
    plain, dropped = make(), make(**{key: 0.4})
    with plain.dropping(), dropped.dropping():
        torch.manual_seed(1)
        images = torch.equal(dropped.images(FEATURES)[0], plain.images(FEATURES)[0])
        texts = torch.equal(dropped.texts(TOKENS, LENGTHS)[0], plain.texts(TOKENS, LENGTHS)[0])
    assert (images, texts) == ((False, True) if key == "drop_features" else (True, False))


def test_a_word_is_dropped_wherever_it_stands_and_the_others_are_scaled_up():
    encoders = make(
        drop_words=0.5, normalise=False, absolute=False, abstract_pooling="bag", grounded_pooling="bag"
    )
    words, map_of = encoders.word["shared"].weight, encoders.text["grounded"]
    tokens = torch.arange(3, 19).unsqueeze(1)
    alone = torch.ones(16, dtype=torch.int64)
    with encoders.dropping():
        torch.manual_seed(4)
        once = encoders.texts(tokens, alone)[1]
        torch.manual_seed(4)
        twice = encoders.texts(tokens.repeat(1, 2), 2 * alone)[1]
    torch.testing.assert_close(once, twice)
    whole, nothing = map_of(2 * words[3:19]), map_of(torch.zeros(1, 8)).expand(16, -1)
    kept = (once - nothing).abs().sum(1) > 0
    assert 0 < kept.sum() < 16
    torch.testing.assert_close(once, torch.where(kept.unsqueeze(1), whole, nothing))


def test_a_caption_alone_embeds_as_in_company():
    encoders = make()
    together = encoders.texts(TOKENS, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = encoders.texts(TOKENS[row : row + 1, :length], LENGTHS[row : row + 1])
        for one, many in zip(alone, together, strict=True):
            torch.testing.assert_close(one[0], many[row])


def test_the_order_of_words_counts_in_both_spaces():
    encoders = make()
    for one, turned in zip(
        encoders.texts(TOKENS[:1], LENGTHS[:1]), encoders.texts(TOKENS[:1].flip(1), LENGTHS[:1]), strict=True
    ):
        assert not torch.allclose(one, turned)


def test_each_space_has_a_network_of_its_own():
    encoders = make()
    assert encoders.rnn["abstract"] is not encoders.rnn["grounded"]


@pytest.mark.parametrize(
    ("spaces", "weights"),
    [(["abstract", "grounded"], [0.3, 0.7]), (["grounded", "abstract"], [0.7, 0.3]), (["grounded"], [1.0])],
)
def test_weights_of_the_spaces_sum_to_one(spaces, weights):
    assert space_weights(EncoderSettings(**SETTINGS | {"spaces": spaces})) == pytest.approx(weights)


@pytest.mark.parametrize("batch", [1, 4, 17, 100])
def test_encoding_in_batches_keeps_the_order(batch):
    encoders = make()
    tokens = torch.randint(3, 20, (17, 5), generator=torch.Generator().manual_seed(1))
    lengths = torch.randint(1, 6, (17,), generator=torch.Generator().manual_seed(2))
    tokens[torch.arange(5) >= lengths.unsqueeze(1)] = 0
    order = torch.argsort(lengths, descending=True)
    with torch.no_grad():
        whole = encoders.texts(tokens[order], lengths[order])
    for part, all_at_once in zip(encode_captions(encoders, tokens, lengths, batch), whole, strict=True):
        torch.testing.assert_close(part[order], all_at_once)


@pytest.mark.parametrize("space", ["abstract", "grounded"])
@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_a_caption_is_the_mean_or_the_last_state_of_its_gru(space, pooling):
    """By torch's own GRU with the same weights."""
    encoders = make(**{f"{space}_pooling": pooling})
    reference = torch.nn.GRU(8, 10, batch_first=True, bidirectional=space == "abstract")
    reference.load_state_dict(encoders.rnn[space].state_dict())
    states, final = reference(encoders.words_of(space)(TOKENS[:1]))
    state = states.mean(1) if pooling == "mean" else torch.cat(tuple(final), 1)
    expected = torch.nn.functional.normalize(encoders.text[space](state)).abs()
    torch.testing.assert_close(encoders.text_space(TOKENS, LENGTHS, space)[:1], expected)


class TestWordEmbeddings:
    def test_both_spaces_share_one(self):
        shared = make()
        assert shared.words_of("abstract") is shared.words_of("grounded")

    def test_or_have_one_each(self):
        own = make(word_embeddings="own")
        before = own.texts(TOKENS, LENGTHS)
        with torch.no_grad():
            own.words_of("abstract").weight.mul_(-2)
        after = own.texts(TOKENS, LENGTHS)
        assert not torch.allclose(before[0], after[0]) and torch.equal(before[1], after[1])


@pytest.mark.parametrize("space", [0, 1])
def test_one_space_alone_is_as_among_both(space):
    encoders = make()
    name = encoders.spaces[space]
    torch.testing.assert_close(
        encoders.text_space(TOKENS, LENGTHS, name), encoders.texts(TOKENS, LENGTHS)[space]
    )


@pytest.mark.parametrize("space", ["abstract", "grounded"])
@pytest.mark.parametrize("kind", ["shared", "own"])
def test_the_parameters_of_a_caption_are_those_that_its_embedding_depends_on(space, kind):
    encoders = make(word_embeddings=kind)
    encoders.text_space(TOKENS, LENGTHS, space).sum().backward()
    moved = {name for name, each in encoders.named_parameters() if each.grad is not None}
    listed = {id(each) for each in encoders.text_parameters(space)}
    assert {name for name, each in encoders.named_parameters() if id(each) in listed} == moved


def test_a_map_starts_without_bias():
    assert not linear(3, 4).bias.any()


def test_an_unknown_similarity_is_refused():
    settings = make().settings.model_copy(update={"similarity": "dot"})
    with pytest.raises(GxnError, match=r"^similarity: must be one of cosine, order, .*, not 'dot'"):
        Encoders(settings, SIZES).images(torch.randn(2, 6))
