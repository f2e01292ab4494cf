"""Look and match: images and captions into the abstract and the grounded space (GXN, equation 1)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gxn.models.gru import GRU, Sentences

ABSTRACT, GROUNDED = "abstract", "grounded"


@dataclass(frozen=True)
class EncoderConfig:
    """Which spaces there are and how images and captions are compared in them.

    Attributes:
        spaces: a subset of `abstract` and `grounded`.
        similarity: a key of `gxn.losses.similarity.SIMILARITIES`.
        margin: the hinge's margin (alpha of equation 2).
        abstract_weight: lambda of equation 3, the abstract space's share when there are two.
    """

    spaces: tuple[str, ...]
    similarity: str
    margin: float
    abstract_weight: float

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


def linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear map, Xavier uniform with zero bias (VSE++)."""
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Encoders(nn.Module):
    """The image maps P_v and the text encoders RNN_Enc, P_t of every space.

    The abstract caption is the mean state of a bi-directional GRU, the grounded one the last state of a
    GRU of its own; both read one word embedding. Embeddings are L2-normalised; for an order similarity
    their absolute value is taken, so that they lie in the non-negative orthant (order embeddings).
    """

    def __init__(self, config: EncoderConfig, sizes: EncoderSizes) -> None:
        super().__init__()
        self.spaces = config.spaces
        self.nonnegative = config.similarity != "cosine"
        self.word = nn.Embedding(sizes.words, sizes.word, padding_idx=0)
        nn.init.uniform_(self.word.weight, -0.1, 0.1)
        self.image = nn.ModuleDict({space: linear(sizes.feature, sizes.joint) for space in self.spaces})
        self.rnn, self.text = nn.ModuleDict(), nn.ModuleDict()
        for space in self.spaces:
            both = space == ABSTRACT
            self.rnn[space] = GRU(sizes.word, sizes.hidden, bidirectional=both)
            self.text[space] = linear(sizes.hidden * (2 if both else 1), sizes.joint)

    def _embed(self, projected: Tensor) -> Tensor:
        unit = F.normalize(projected, dim=1)
        return unit.abs() if self.nonnegative else unit

    def image_space(self, features: Tensor, space: str) -> Tensor:
        """v_h or v_l (B, J) of CNN features (B, F), which are L2-normalised first."""
        return self._embed(self.image[space](F.normalize(features, dim=1)))

    def text_space(self, tokens: Tensor, lengths: Tensor, space: str) -> Tensor:
        """t_h or t_l (B, J) of captions, int64 (B, T) padded with 0, of int64 lengths (B,) on the CPU."""
        return self._text(Sentences(self.word, tokens, lengths), space)

    def _text(self, captions: Sentences, space: str) -> Tensor:
        return self._embed(self.text[space](self.rnn[space](captions, mean=space == ABSTRACT)))

    def images(self, features: Tensor) -> list[Tensor]:
        """Embeddings (B, J) in each space, in the order of `spaces`."""
        return [self.image_space(features, space) for space in self.spaces]

    def texts(self, tokens: Tensor, lengths: Tensor) -> list[Tensor]:
        """Embeddings (B, J) in each space, in the order of `spaces`."""
        captions = Sentences(self.word, tokens, lengths)
        return [self._text(captions, space) for space in self.spaces]


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
