"""Look and match: images and captions into the abstract and the grounded space (GXN, equation 1)."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gxn.errors import GxnError
from gxn.models.gru import GRU, Sentences
from gxn.models.widths import ModelConfig
from gxn.similarities import named

ABSTRACT, GROUNDED = "abstract", "grounded"
State = Literal["mean", "last"]
OF_THE_LOSS = ("margin", "same_image_negatives")  # keys of EncoderConfig that no embedding depends on


@dataclass(frozen=True)
class EncoderConfig:
    """Which spaces there are and how images and captions are compared in them.

    Attributes:
        spaces: a subset of `abstract` and `grounded`.
        similarity: one of `gxn.similarities.SIMILARITIES`.
        margin: the hinge's margin (alpha of equation 2).
        abstract_weight: lambda of equation 3, the abstract space's share when there are two.
        normalise: embeddings are L2-normalised.
        absolute: for an order similarity their absolute value is taken.
        abstract_state, grounded_state: a caption is the `mean` of its GRU's states, or the `last`.
        words: the spaces' GRUs read a `shared` word embedding, or each its `own`.
        same_image_negatives: other captions of a pair's image count as negatives, too.

    Raises:
        GxnError: `spaces` or `similarity` is none of those named.
    """

    spaces: tuple[str, ...]
    similarity: str
    margin: float
    abstract_weight: float
    normalise: bool
    absolute: bool
    abstract_state: State
    grounded_state: State
    words: Literal["shared", "own"]
    same_image_negatives: bool

    def __post_init__(self) -> None:
        known = {*self.spaces} & {ABSTRACT, GROUNDED}
        if not known or len(known) != len(self.spaces):
            raise GxnError(f"encoders.spaces: must be {ABSTRACT}, {GROUNDED} or both, not {self.spaces!r}")
        named(self.similarity)

    @property
    def weights(self) -> list[float]:
        """The similarity's weight of each space, in the order of `spaces`; their sum is 1."""
        if len(self.spaces) == 1:
            return [1.0]
        return [
            self.abstract_weight if space == ABSTRACT else 1 - self.abstract_weight for space in self.spaces
        ]


@dataclass(frozen=True)
class EncoderSizes:
    """Widths: of a CNN feature, the vocabulary, a word, a GRU state and a joint space."""

    feature: int
    words: int
    word: int
    hidden: int
    joint: int

    @classmethod
    def of(cls, model: ModelConfig, feature: int, words: int) -> "EncoderSizes":
        """As configured, for so many numbers per image and words."""
        return cls(feature, words, model.word, model.hidden, model.joint)


def linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear map, Xavier uniform with zero bias (VSE++)."""
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _word_embedding(sizes: EncoderSizes) -> nn.Embedding:
    """Uniform within 0.1 (VSE++)."""
    embedding = nn.Embedding(sizes.words, sizes.word, padding_idx=0)
    nn.init.uniform_(embedding.weight, -0.1, 0.1)
    return embedding


class Encoders(nn.Module):
    """The image maps P_v and the text encoders RNN_Enc, P_t of every space.

    The abstract caption comes from a bi-directional GRU, the grounded one from a GRU of its own; `config` says
    from which of their states, and how embeddings are normalised.
    """

    def __init__(self, config: EncoderConfig, sizes: EncoderSizes) -> None:
        super().__init__()
        self.config, self.spaces = config, config.spaces
        readers = [config.words] if config.words == "shared" else self.spaces
        self.word = nn.ModuleDict({name: _word_embedding(sizes) for name in readers})
        self.image = nn.ModuleDict({space: linear(sizes.feature, sizes.joint) for space in self.spaces})
        self.rnn, self.text = nn.ModuleDict(), nn.ModuleDict()
        for space in self.spaces:
            both = space == ABSTRACT
            self.rnn[space] = GRU(sizes.word, sizes.hidden, bidirectional=both)
            self.text[space] = linear(sizes.hidden * (2 if both else 1), sizes.joint)

    def words_of(self, space: str) -> nn.Embedding:
        """The word embedding that a space's GRU reads."""
        return self.word[space if space in self.word else "shared"]

    def _embed(self, projected: Tensor) -> Tensor:
        embedded = F.normalize(projected, dim=1) if self.config.normalise else projected
        return embedded.abs() if self.config.absolute and named(self.config.similarity).order else embedded

    def image_space(self, features: Tensor, space: str) -> Tensor:
        """v_h or v_l (B, J) of CNN features (B, F), which are L2-normalised first."""
        return self._embed(self.image[space](F.normalize(features, dim=1)))

    def text_space(self, tokens: Tensor, lengths: Tensor, space: str) -> Tensor:
        """t_h or t_l (B, J) of captions, int64 (B, T) padded with 0, of int64 lengths (B,) on the CPU."""
        return self._text(Sentences(self.words_of(space), tokens, lengths), space)

    def _text(self, captions: Sentences, space: str) -> Tensor:
        state = self.config.abstract_state if space == ABSTRACT else self.config.grounded_state
        return self._embed(self.text[space](self.rnn[space](captions, mean=state == "mean")))

    def images(self, features: Tensor) -> list[Tensor]:
        """Embeddings (B, J) in each space, in the order of `spaces`."""
        return [self.image_space(features, space) for space in self.spaces]

    def texts(self, tokens: Tensor, lengths: Tensor) -> list[Tensor]:
        """Embeddings (B, J) in each space, in the order of `spaces`."""
        captions = {words: Sentences(words, tokens, lengths) for words in self.word.values()}
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
