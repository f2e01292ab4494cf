"""Imagine a caption: RNN_Dec, a one-layer GRU that speaks of a grounded image embedding (GXN, section i2t)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gxn.datasets.words import BOS, EOS, PAD, UNK


class CaptionDecoder(nn.Module):
    """h_0 = tanh(W v_l); at each step a word goes in and the next word's distribution comes out.

    It has a word embedding of its own, so that no caption gradient reaches the retrieval text encoders.
    """

    def __init__(self, joint: int, words: int, word: int, hidden: int) -> None:
        super().__init__()
        self.start = nn.Linear(joint, hidden)
        self.word = nn.Embedding(words, word, padding_idx=PAD)
        nn.init.uniform_(self.word.weight, -0.1, 0.1)
        self.gru = nn.GRU(word, hidden, batch_first=True)
        self.output = nn.Linear(hidden, words)

    def first_state(self, grounded: Tensor) -> Tensor:
        """(B, H) from v_l (B, J)."""
        return torch.tanh(self.start(grounded))

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
        if sampling == 0:
            states, _ = self.gru(self.word(inputs), state.unsqueeze(0))
        else:
            states = self._scheduled(inputs, state, sampling)
        logits = _speakable(self.output(states)) if spoken else self.output(states)
        flat = F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
        if spoken:  # padding past the end cannot be said; its steps are masked by the loss
            flat = flat.masked_fill(targets.flatten() == PAD, 0)
        return -flat.view(targets.shape)

    def _scheduled(self, inputs: Tensor, state: Tensor, sampling: float) -> Tensor:
        """States (B, T, H) with each input after the first replaced, with probability `sampling`, by a draw."""
        states, word = [], inputs[:, 0]
        replace = torch.rand(inputs.shape, device=inputs.device) < sampling
        for step in range(inputs.shape[1]):
            if step:
                with torch.no_grad():
                    drawn = _draw(_speakable(self.output(state)))
                word = torch.where(replace[:, step], drawn, inputs[:, step])
            state = self._step(word, state)
            states.append(state)
        return torch.stack(states, 1)

    def _step(self, word: Tensor, state: Tensor) -> Tensor:
        _, state = self.gru(self.word(word).unsqueeze(1), state.unsqueeze(0))
        return state.squeeze(0)

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
        """Decode all rows; the first `sampled` of them draw their words, the others take the likeliest."""
        state = self.first_state(grounded)
        word = torch.full((len(grounded),), BOS, device=grounded.device)
        ended = torch.zeros_like(word, dtype=torch.bool)
        tokens = []
        for _ in range(longest):
            state = self._step(word, state)
            logits = _speakable(self.output(state))
            word = torch.cat([_draw(logits[:sampled]), logits[sampled:].argmax(1)])
            word = word.masked_fill(ended, PAD)
            tokens.append(word)
            ended = ended | (word == EOS)
            if ended.all():
                break
        return torch.stack(tokens, 1)


def _draw(logits: Tensor) -> Tensor:
    """One word id (B,) from each row of logits (B, V): the Gumbel-max form of a multinomial draw."""
    uniform = torch.rand_like(logits).clamp_min(torch.finfo(logits.dtype).tiny)
    return (logits - (-uniform.log()).log()).argmax(1)


def _speakable(logits: Tensor) -> Tensor:
    """Logits (..., V) with those of PAD, BOS and UNK, which no caption may say, at minus infinity."""
    silent = torch.zeros(logits.shape[-1], dtype=torch.bool, device=logits.device)
    silent[[PAD, BOS, UNK]] = True
    return logits.masked_fill(silent, -torch.inf)
