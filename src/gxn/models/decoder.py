"""Imagine a caption: RNN_Dec, a one-layer GRU that speaks of a grounded image embedding (GXN, section i2t)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gxn.datasets.words import BOS, EOS, PAD, UNK
from gxn.models.gru import GRU, Sentences
from gxn.models.scale import standardise


class CaptionDecoder(nn.Module):
    """h_0 = tanh(W v_l), v_l to scale; at each step a word goes in and the next word's distribution comes out.

    It has a word embedding of its own, so that no caption gradient reaches the retrieval text encoders.
    """

    def __init__(self, joint: int, words: int, word: int, hidden: int) -> None:
        super().__init__()
        self.start = nn.Linear(joint, hidden)
        self.word = nn.Embedding(words, word, padding_idx=PAD)
        nn.init.uniform_(self.word.weight, -0.1, 0.1)
        self.gru = GRU(word, hidden)
        self.output = nn.Linear(hidden, words)
        silent = torch.zeros(words, dtype=torch.bool)
        silent[[PAD, BOS, UNK]] = True  # words that no caption may say
        self.register_buffer("silent", silent, persistent=False)

    def first_state(self, grounded: Tensor) -> Tensor:
        """(B, H) from v_l (B, J)."""
        return torch.tanh(self.start(standardise(grounded)))

    def forward(
        self, grounded: Tensor, targets: Tensor, sampling: float = 0.0, spoken: bool = False
    ) -> Tensor:
        """Log-probabilities (B, T) of `targets`, int64 (B, T) word ids that end with EOS and are padded.

        Args:
            grounded: v_l (B, J).
            targets: the captions without BOS.
            sampling: scheduled sampling's probability of feeding a word drawn from the decoder's own
                distribution in place of the true previous word.
            spoken: `targets` were decoded here, so PAD, BOS and UNK have no share in the distribution.
        """
        inputs = F.pad(targets[:, :-1], (1, 0), value=BOS)
        state = self.first_state(grounded)
        said = targets != PAD
        if sampling > 0:
            states, places = self._scheduled(inputs, state, sampling)[said], said.nonzero(as_tuple=True)
        elif targets.is_cuda:
            states, places = self.gru.all_steps(self.word(inputs), state)[said], said.nonzero(as_tuple=True)
        else:
            captions = Sentences(self.word, inputs, said.sum(1))
            states, places = self.gru.steps(captions, state), (captions.layout.row, captions.layout.step)
        # (W, V), only where there is a word: the vocabulary is the cost
        logits = F.linear(states, self.output.weight, self._bias() if spoken else self.output.bias)
        found = -F.cross_entropy(logits.float(), targets[places], reduction="none")
        return found.new_zeros(targets.shape).index_put(places, found)

    def _bias(self) -> Tensor:
        """The output's, which keeps silent words from being said."""
        return self.output.bias.masked_fill(self.silent, -torch.inf)

    def _scheduled(self, inputs: Tensor, state: Tensor, sampling: float) -> Tensor:
        """States (B, T, H) with each input after the first replaced, with probability `sampling`, by a draw."""
        states, word = [], inputs[:, 0]
        replace = torch.rand(inputs.shape, device=inputs.device) < sampling
        for step in range(inputs.shape[1]):
            if step:
                with torch.no_grad():
                    drawn = _draw(F.linear(state, self.output.weight, self._bias()))
                word = torch.where(replace[:, step], drawn, inputs[:, step])
            state = self.gru.one_step(self.word(word), state)
            states.append(state)
        return torch.stack(states, 1)

    @torch.no_grad()
    def greedy(self, grounded: Tensor, longest: int) -> Tensor:
        """Most probable words, int64 (B, T), T <= longest; EOS ends a caption and PAD fills it."""
        return self._decode(grounded, longest, sampled=0)

    @torch.no_grad()
    def sample_and_greedy(self, grounded: Tensor, longest: int) -> tuple[Tensor, Tensor]:
        """A sampled and the greedy caption of each v_l (B, J), decoded as one batch of 2 B rows.

        Both int64 (B, T), T <= longest; decoding stops when all captions have ended.
        """
        tokens = self._decode(torch.cat([grounded, grounded]), longest, sampled=len(grounded))
        sampled, greedy = tokens.chunk(2)
        return sampled, greedy

    def _decode(self, grounded: Tensor, longest: int, sampled: int) -> Tensor:
        """Decode all rows; the first `sampled` of them draw their words, the others take the likeliest.

        A row that has ended is decoded no further.
        """
        state = self.first_state(grounded)
        tokens = torch.full((len(grounded), longest), PAD, device=grounded.device)
        rows = torch.arange(len(grounded), device=grounded.device)
        word, bias = torch.full_like(rows, BOS), self._bias()
        for step in range(longest):
            state = self.gru.one_step(self.word(word), state)
            logits = F.linear(state, self.output.weight, bias)
            drawing = int((rows < sampled).sum())  # rows stay in order, so those that draw come first
            word = torch.cat([_draw(logits[:drawing]), logits[drawing:].argmax(1)])
            tokens[rows, step] = word
            going = word != EOS
            rows, word, state = rows[going], word[going], state[going]
            if not len(rows):
                return tokens[:, : step + 1]
        return tokens


def _draw(logits: Tensor) -> Tensor:
    """One word id (B,) from each row of logits (B, V), by the inverse of the cumulative distribution."""
    if not len(logits):
        return logits.new_zeros(0, dtype=torch.int64)
    heights = (logits.float() - logits.amax(1, keepdim=True)).exp().cumsum(1)
    chosen = torch.rand(len(logits), 1, device=logits.device) * heights[:, -1:]
    return torch.searchsorted(heights, chosen, right=True).clamp_max(logits.shape[1] - 1).squeeze(1)
