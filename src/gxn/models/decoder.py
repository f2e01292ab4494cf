"""Imagine a caption: RNN_Dec, a one-layer GRU that speaks of a grounded image embedding (GXN, section i2t)."""

import torch
from torch import Tensor, nn
from torch.amp import custom_bwd, custom_fwd
from torch.autograd.function import once_differentiable
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
        self, grounded: Tensor, targets: Tensor, sampling: float = 0.0, logits: Tensor | None = None
    ) -> Tensor:
        """Log-probabilities (B, T) of `targets`, int64 (B, T) word ids that end with EOS and are padded.

        Args:
            grounded: v_l (B, J).
            targets: the captions without BOS.
            sampling: scheduled sampling's probability of feeding a word drawn from the decoder's own
                distribution in place of the true previous word.
            logits: `targets` were sampled here, with these (W, V), step after step; PAD, BOS and UNK have no
                share in the distribution. The gradient is taken in their place: they can be given once.
        """
        inputs = F.pad(targets[:, :-1], (1, 0), value=BOS)
        state = self.first_state(grounded)
        said = targets != PAD
        if sampling > 0:
            inputs = self._scheduled(inputs, said, state, sampling)
        bias = self.output.bias if logits is None else self._bias()
        # only where there is a word: the vocabulary is the cost
        if targets.is_cuda:
            states, places = self.gru.all_steps(self.word(inputs), state)[said], said.nonzero(as_tuple=True)
            again = F.linear(states, self.output.weight, bias)  # in autocast's precision
            found = -F.cross_entropy(again.float(), targets[places], reduction="none")
        else:
            captions = Sentences(self.word, inputs, said.sum(1))
            states, places = self.gru.steps(captions, state), (captions.layout.row, captions.layout.step)
            if logits is not None:
                step, row = said.T.nonzero(as_tuple=True)
                order = torch.empty_like(said, dtype=torch.int64).index_put(places, torch.arange(len(states)))
                states, places = states[order[row, step]], (row, step)
            found = _LogProbability.apply(states, self.output.weight, bias, targets[places], logits)
        return found.new_zeros(targets.shape).index_put(places, found)

    def _bias(self) -> Tensor:
        """The output's, which keeps silent words from being said."""
        return self.output.bias.masked_fill(self.silent, -torch.inf)

    @torch.no_grad()
    def _scheduled(self, inputs: Tensor, said: Tensor, state: Tensor, sampling: float) -> Tensor:
        """`inputs` (B, T), each after the first replaced with probability `sampling` by a draw, where `said`."""
        inputs, bias = inputs.clone(), self._bias()
        replaced = (torch.rand(inputs.shape, device=inputs.device) < sampling) & said
        for step in range(1, inputs.shape[1]):
            state = self.gru.one_step(self.word(inputs[:, step - 1]), state)
            rows = replaced[:, step].nonzero().squeeze(1)
            inputs[rows, step] = _draw(F.linear(state[rows], self.output.weight, bias))
        return inputs

    @torch.no_grad()
    def greedy(self, grounded: Tensor, longest: int) -> Tensor:
        """Most probable words, int64 (B, T), T <= longest; EOS ends a caption and PAD fills it."""
        return self._decode(grounded, longest, sampled=0)[0]

    @torch.no_grad()
    def sample_and_greedy(self, grounded: Tensor, longest: int) -> tuple[Tensor, Tensor, Tensor]:
        """A sampled and the greedy caption of each v_l (B, J), decoded as one batch of 2 B rows.

        Both int64 (B, T), T <= longest; decoding stops when all captions have ended. Then the logits (W, V)
        with which the W words of the samples were drawn, step after step.
        """
        tokens, logits = self._decode(torch.cat([grounded, grounded]), longest, sampled=len(grounded))
        sampled, greedy = tokens.chunk(2)
        return sampled, greedy, logits

    def _decode(self, grounded: Tensor, longest: int, sampled: int) -> tuple[Tensor, Tensor]:
        """Decode all rows; the first `sampled` of them draw their words, the others take the likeliest.

        A row that has ended is decoded no further.
        """
        state = self.first_state(grounded)
        tokens = torch.full((len(grounded), longest), PAD, device=grounded.device)
        rows = torch.arange(len(grounded), device=grounded.device)
        word, bias, drawn = torch.full_like(rows, BOS), self._bias(), []
        for step in range(longest):
            state = self.gru.one_step(self.word(word), state)
            logits = F.linear(state, self.output.weight, bias)
            drawing = int((rows < sampled).sum())  # rows stay in order, so those that draw come first
            drawn.append(logits[:drawing])
            word = torch.cat([_draw(logits[:drawing]), logits[drawing:].argmax(1)])
            tokens[rows, step] = word
            going = word != EOS
            rows, word, state = rows[going], word[going], state[going]
            if not len(rows):
                break
        return tokens[:, : step + 1], torch.cat(drawn)


class _LogProbability(torch.autograd.Function):
    """log softmax(states weight^T + bias) at `words`: (W,) of states (W, H), weight (V, H), bias (V,), int64 (W,).

    `logits` (W, V) are computed unless they are known. Their gradient takes their place, so that nothing of
    their size is made a second time.
    """

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx, states, weight, bias, words, logits):
        if logits is None:
            logits = torch.addmm(bias, states, weight.T)
        total = logits.logsumexp(1)
        ctx.save_for_backward(states, weight, words, total)
        ctx.logits = logits
        return logits.gather(1, words.unsqueeze(1)).squeeze(1) - total

    @staticmethod
    @custom_bwd(device_type="cpu")
    @once_differentiable
    def backward(ctx, slopes):
        states, weight, words, total = ctx.saved_tensors
        by_logits = ctx.logits.sub_(total.unsqueeze(1)).exp_().mul_(-slopes.unsqueeze(1))
        by_logits[torch.arange(len(words)), words] += slopes
        ctx.logits = None
        return by_logits @ weight, by_logits.T @ states, by_logits.sum(0), None, None


def _draw(logits: Tensor) -> Tensor:
    """One word id (B,) from each row of logits (B, V), by the inverse of the cumulative distribution."""
    if not len(logits):
        return logits.new_zeros(0, dtype=torch.int64)
    heights = (logits.float() - logits.amax(1, keepdim=True)).exp().cumsum(1)
    chosen = torch.rand(len(logits), 1, device=logits.device) * heights[:, -1:]
    return torch.searchsorted(heights, chosen, right=True).clamp_max(logits.shape[1] - 1).squeeze(1)
