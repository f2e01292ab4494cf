"""Look and match: images and captions into the abstract and the grounded space (GXN, equation 1)."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gxn import plugins
from gxn.configuration.networks import EncoderSettings, Model
from gxn.configuration.section import Section
from gxn.models.gru import GRU, Pool, Sentences, pool_words
from gxn.similarities import get_similarity

ABSTRACT, GROUNDED = "abstract", "grounded"


class EncoderSizes(Section):
    """Widths: of a CNN feature, the vocabulary, a word embedding, a GRU state and a joint space."""

    feature_dim: int
    vocab_size: int
    embed_dim: int
    text_hidden: int
    joint_dim: int

    @classmethod
    def of(cls, model: Model, feature_dim: int, vocab_size: int) -> "EncoderSizes":
        """Take the configured widths, for features and a vocabulary of these sizes."""
        widths = {name: getattr(model, name) for name in ("embed_dim", "text_hidden", "joint_dim")}
        return cls(feature_dim=feature_dim, vocab_size=vocab_size, **widths)


def space_weights(settings: EncoderSettings) -> list[float]:
    """Weights of the spaces in the score, in their order; they sum to 1 (lambda of equation 3)."""
    if len(settings.spaces) == 1:
        return [1.0]
    weight = settings.abstract_weight
    return [weight if space == ABSTRACT else 1 - weight for space in settings.spaces]


def linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear map, Xavier uniform with zero bias (VSE++)."""
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _word_embedding(sizes: EncoderSizes) -> nn.Embedding:
    """Uniform within 0.1 (VSE++)."""
    embedding = nn.Embedding(sizes.vocab_size, sizes.embed_dim, padding_idx=0)
    nn.init.uniform_(embedding.weight, -0.1, 0.1)
    return embedding


class Encoders(nn.Module):
    """The image maps P_v and the text encoders RNN_Enc, P_t of every space.

    The abstract caption comes from a bi-directional GRU, the grounded one from a GRU of its own; `settings` say
    from which of their states, and how embeddings are normalised.
    """

    def __init__(self, settings: EncoderSettings, sizes: EncoderSizes) -> None:
        super().__init__()
        self.settings, self.spaces = settings, settings.spaces
        self.is_dropping = False
        self.weights = space_weights(settings)
        embeddings = ["shared"] if settings.word_embeddings == "shared" else self.spaces
        self.word = nn.ModuleDict({name: _word_embedding(sizes) for name in embeddings})
        self.image = nn.ModuleDict(
            {space: linear(sizes.feature_dim, sizes.joint_dim) for space in self.spaces}
        )
        self.rnn, self.text = nn.ModuleDict(), nn.ModuleDict()
        self.pool: dict[str, Pool] = {}
        self.pool_weights = nn.ModuleDict()  # those of a pooling that learns
        for space in self.spaces:
            own = settings.abstract_pooling if space == ABSTRACT else settings.grounded_pooling
            plugin = plugins.load("gxn.models.poolings", own.kind)
            self.pool[space] = plugin.build(own)
            if isinstance(self.pool[space], nn.Module):
                self.pool_weights[space] = self.pool[space]
            width = sizes.embed_dim
            if plugin.READS == "states":
                both = space == ABSTRACT
                self.rnn[space] = GRU(sizes.embed_dim, sizes.text_hidden, bidirectional=both)
                width = sizes.text_hidden * (2 if both else 1)
            self.text[space] = linear(width, sizes.joint_dim)

    @contextlib.contextmanager
    def dropping(self) -> Iterator[None]:
        """Drop shares of features, words and states meanwhile, as the settings say, and scale up what is left."""
        self.is_dropping = True
        try:
            yield
        finally:
            self.is_dropping = False

    def _read(self, words: nn.Embedding, tokens: Tensor, lengths: Tensor) -> Sentences:
        share = self.settings.drop_words
        if not self.is_dropping or not share:
            return Sentences(words, tokens, lengths)
        # a word is dropped wherever it stands in the batch: the others must do
        kept = (torch.rand(words.num_embeddings, device=tokens.device) >= share) / (1 - share)
        return Sentences(lambda ids: words(ids) * kept[ids].unsqueeze(-1), tokens, lengths)

    def _drop(self, rows: Tensor, share: float) -> Tensor:
        return F.dropout(rows, share) if self.is_dropping and share else rows

    def words_of(self, space: str) -> nn.Embedding:
        """The word embedding that a space's GRU reads."""
        return self.word[space if space in self.word else "shared"]

    def _embed(self, projected: Tensor) -> Tensor:
        embedded = F.normalize(projected, dim=1) if self.settings.normalise else projected
        return (
            embedded.abs()
            if self.settings.absolute and get_similarity(self.settings.similarity).order
            else embedded
        )

    def image_space(self, features: Tensor, space: str) -> Tensor:
        """v_h or v_l (B, J) of CNN features (B, F), which are L2-normalised first."""
        kept = self._drop(F.normalize(features, dim=1), self.settings.drop_features)
        return self._embed(self.image[space](kept))

    def text_space(self, tokens: Tensor, lengths: Tensor, space: str) -> Tensor:
        """t_h or t_l (B, J) of captions, int64 (B, T) padded with 0, of int64 lengths (B,) on the CPU."""
        return self._text(Sentences(self.words_of(space), tokens, lengths), space)

    def _text(self, captions: Sentences, space: str) -> Tensor:
        pooled = self._drop(self.pooled(captions, space), self.settings.drop_states)
        return self._embed(self.text[space](pooled))

    def pooled(self, captions: Sentences, space: str) -> Tensor:
        """Pooled states of a space's GRU, or word embeddings where it has none: (B, H), which P_t reads."""
        if space in self.rnn:
            return self.rnn[space](captions, self.pool[space])
        return pool_words(captions, self.pool[space])

    def text_parameters(self, space: str) -> list[nn.Parameter]:
        """Parameters that a caption's embedding in one space depends on."""
        parts = [self.words_of(space), self.text[space]]
        parts += [own[space] for own in (self.rnn, self.pool_weights) if space in own]
        return [parameter for part in parts for parameter in part.parameters()]

    def images(self, features: Tensor) -> list[Tensor]:
        """Embeddings (B, J) in each space, in the order of `spaces`."""
        return [self.image_space(features, space) for space in self.spaces]

    def texts(self, tokens: Tensor, lengths: Tensor) -> list[Tensor]:
        """Embeddings (B, J) in each space, in the order of `spaces`."""
        captions = {words: self._read(words, tokens, lengths) for words in self.word.values()}
        return [self._text(captions[self.words_of(space)], space) for space in self.spaces]


@torch.no_grad()
def encode_captions(encoders: Encoders, tokens: Tensor, lengths: Tensor, batch: int) -> list[Tensor]:
    """Embeddings of all captions, read in batches of like length so that no step is spent on padding."""
    order = torch.argsort(lengths, descending=True, stable=True)
    parts: list[list[Tensor]] = [[] for _ in encoders.spaces]
    for rows in order.split(batch):
        longest = int(lengths[rows].max())
        for part, embedded in zip(parts, encoders.texts(tokens[rows, :longest], lengths[rows]), strict=True):
            part.append(embedded)
    back = torch.argsort(order)
    return [torch.cat(part)[back] for part in parts]
