"""Imagine a caption: RNN_Dec, a one-layer GRU that reads a grounded image embedding (GXN, section i2t)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.amp import custom_bwd, custom_fwd
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from gxn.configuration.networks import Model
from gxn.datasets.words import BOS, EOS, PAD, UNK
from gxn.models.gru import GRU, Sentences
from gxn.models.standardizer import Standardizer


@dataclass(frozen=True)
class Sampled:
    """Holds what the W words of samples were drawn from, step after step and there by row.

    Attributes:
        row: int64 (W,), each word's sample.
        shares: float32 (W, V); over `totals`, float32 (W,), they are probabilities.
    """

    row: Tensor
    shares: Tensor
    totals: Tensor

    def of(self, kept: Tensor) -> "Sampled":
        """Keep the samples where `kept`, bool (B,), alone."""
        words = kept[self.row]
        if words.all():
            return self
        return Sampled(self.row[words], self.shares[words], self.totals[words])


class CaptionDecoder(nn.Module):
    """Starts from the standardised v_l; each step reads a word and returns the next word's distribution.

    With `begin` = `state`, h_0 = tanh(W v_l); with `word`, h_0 is the state after the input W v_l (Show and Tell).
    It has a word embedding of its own, so that no caption gradient reaches the retrieval text encoders.

    Attributes:
        dropout: drops states before the output layer while captions are learnt by cross-entropy; its rate is a
            setting of training, 0 until then. Words are decoded without it, and so is the gradient of a sampled
            caption, which is that of the distribution it was drawn from.
    """

    def __init__(self, joint: int, words: int, word: int, hidden: int, begin: str) -> None:
        super().__init__()
        self.begin, self.hidden = begin, hidden
        self.standardizer = Standardizer(joint)
        self.start = nn.Linear(joint, hidden if begin == "state" else word)
        self.word = nn.Embedding(words, word, padding_idx=PAD)
        nn.init.uniform_(self.word.weight, -0.1, 0.1)
        self.gru = GRU(word, hidden)
        self.dropout = nn.Dropout(0.0)
        self.output = nn.Linear(hidden, words)
        silent = torch.zeros(words, dtype=torch.bool)
        silent[[PAD, BOS, UNK]] = True  # words that no caption may say
        self.register_buffer("silent", silent, persistent=False)

    @classmethod
    def of(cls, model: Model, words: int) -> "CaptionDecoder":
        """Build the configured decoder for a vocabulary of so many words."""
        return cls(model.joint_dim, words, model.embed_dim, model.decoder_hidden, model.decoder_start)

    def first_state(self, grounded: Tensor) -> Tensor:
        """(B, H) from v_l (B, J)."""
        read = self.start(self.standardizer(grounded))
        if self.begin == "state":
            return torch.tanh(read)
        return self.gru.all_steps(read.unsqueeze(1), read.new_zeros(len(read), self.hidden)).squeeze(1)

    def forward(
        self, grounded: Tensor, targets: Tensor, sampling: float = 0.0, drawn: Sampled | None = None
    ) -> Tensor:
        """Log-probabilities (B, T) of `targets`, int64 (B, T) word ids that end with EOS and are padded.

        Args:
            grounded: v_l (B, J).
            targets: the captions without BOS.
            sampling: scheduled sampling's probability of feeding a word drawn from the decoder's own
                distribution in place of the true previous word.
            drawn: what `targets` were sampled from here; the gradient takes its place, so it can be given once.
        """
        inputs = F.pad(targets[:, :-1], (1, 0), value=BOS)
        state = self.first_state(grounded)
        mask = targets != PAD
        if sampling > 0:
            inputs = self._scheduled(inputs, mask, state, sampling)
        bias = self.output.bias if drawn is None else self._bias()
        # only where there is a word: the vocabulary is the cost
        if targets.is_cuda:
            places = mask.nonzero(as_tuple=True)
            states = self.gru.all_steps(self.word(inputs), state)[places]
            states = self.dropout(states) if drawn is None else states
            logits = F.linear(states, self.output.weight, bias)  # in autocast's precision
            found = -F.cross_entropy(logits.float(), targets[places], reduction="none")
        else:
            captions = Sentences(self.word, inputs, mask.sum(1))
            states, places = self.gru.steps(captions, state), (captions.layout.row, captions.layout.step)
            if drawn is None:
                states = self.dropout(states)
            else:
                row, step = places
                order = torch.argsort(step * len(mask) + row)
                states, places = states[order], (row[order], step[order])
            known = (drawn.shares, drawn.totals) if drawn else (None, None)
            found = _LogProbability.apply(states, self.output.weight, bias, targets[places], *known)
        return found.new_zeros(targets.shape).index_put(places, found)

    def _bias(self) -> Tensor:
        """The bias (V,) of the output, -inf for silent words, which are never decoded."""
        return self.output.bias.masked_fill(self.silent, -torch.inf)

    def _logits(self, states: Tensor) -> Tensor:
        """float32 logits (B, V) of states (B, H), -inf for silent words; on a GPU in autocast's precision."""
        with torch.autocast("cpu", enabled=False):
            return F.linear(states.float(), self.output.weight, self._bias()).float()

    @torch.no_grad()
    def _scheduled(self, inputs: Tensor, mask: Tensor, state: Tensor, sampling: float) -> Tensor:
        """`inputs` (B, T), each after the first replaced with probability `sampling` by a draw, where `mask`."""
        inputs = inputs.clone()
        replaced = (torch.rand(inputs.shape, device=inputs.device) < sampling) & mask
        for step in range(1, inputs.shape[1]):
            state = self.gru.one_step(self.word(inputs[:, step - 1]), state)
            rows = replaced[:, step].nonzero().squeeze(1)
            logits = self._logits(state[rows])
            inputs[rows, step] = _draw(logits, logits.amax(1), torch.empty_like(logits))[0]
        return inputs

    @torch.no_grad()
    def greedy(self, grounded: Tensor, longest: int) -> Tensor:
        """Most probable words, int64 (B, T), T <= longest; EOS ends a caption and PAD fills it."""
        return self._decode(grounded, longest, draw=False)[1]

    @torch.no_grad()
    def sample_and_greedy(self, grounded: Tensor, longest: int) -> tuple[Tensor, Tensor, Sampled]:
        """A sampled and the greedy caption of each v_l (B, J), and what the samples were drawn from.

        Both int64 (B, T), T <= longest. They are decoded in one batch, in which the greedy caption begins
        where the sample leaves it; decoding stops when all have ended.
        """
        return self._decode(grounded, longest, draw=True)

    def _decode(self, grounded: Tensor, longest: int, draw: bool) -> tuple[Tensor, Tensor, Sampled]:
        """Rows below B draw their words, the others take the likeliest; a row that has ended is left out."""
        count, device = len(grounded), grounded.device
        state = self.first_state(grounded)
        tokens = torch.full((2 * count, longest), PAD, device=device)
        rows = torch.arange(count, device=device) + (0 if draw else count)
        # the step at which sample and greedy caption part
        parted = torch.full_like(rows, longest if draw else 0)
        word, begin = torch.full_like(rows, BOS), 0
        room, weight = count * longest if draw else 0, self.output.weight
        drawn = Sampled(rows.new_empty(room), weight.new_empty(room, len(weight)), weight.new_empty(room))
        for step in range(longest):
            state = self.gru.one_step(self.word(word), state)
            logits = self._logits(state)
            top, word = _likeliest(logits)
            drawing = int((rows < count).sum())
            if drawing:
                words = slice(begin, begin + drawing)
                begin += drawing
                row = drawn.row[words] = rows[:drawing]
                sampled, drawn.totals[words] = _draw(logits[:drawing], top[:drawing], drawn.shares[words])
                parting = ((parted[row] == longest) & (sampled != word[:drawing])).nonzero().squeeze(1)
                parted[row[parting]] = step
                rows = torch.cat([rows, row[parting] + count])
                state = torch.cat([state, state[:drawing][parting]])
                word = torch.cat([sampled, word[drawing:], word[:drawing][parting]])
            tokens[rows, step] = word
            going = (word != EOS).nonzero().squeeze(1)
            rows, word, state = rows[going], word[going], state[going]
            if not len(rows):
                break
        sampled, greedy = tokens[:, : step + 1].chunk(2)
        greedy = torch.where(torch.arange(step + 1, device=device) < parted.unsqueeze(1), sampled, greedy)
        return sampled, greedy, Sampled(drawn.row[:begin], drawn.shares[:begin], drawn.totals[:begin])


class _LogProbability(torch.autograd.Function):
    """log softmax(states weight^T + bias) at `words`: (W,) of states (W, H), weight (V, H), bias (V,), int64 (W,).

    The softmax is computed unless it is known. Its gradient takes its place, so that nothing of its size is
    made a second time.
    """

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx, states, weight, bias, words, shares, total):
        if shares is None:
            logits = torch.addmm(bias, states, weight.T)
            top = logits.amax(1, keepdim=True)
            found = (logits.gather(1, words.unsqueeze(1)) - top).squeeze(1)
            shares = logits.sub_(top).exp_()
            total = shares.sum(1)
        else:
            found = shares.gather(1, words.unsqueeze(1)).squeeze(1).log()
        ctx.save_for_backward(states, weight, words, total)
        ctx.shares = shares
        return found - total.log()

    @staticmethod
    @custom_bwd(device_type="cpu")
    @once_differentiable
    def backward(ctx, grad_output):
        states, weight, words, total = ctx.saved_tensors
        grad_logits = ctx.shares.mul_((-grad_output / total).unsqueeze(1))
        grad_logits[torch.arange(len(words)), words] += grad_output
        ctx.shares = None
        return grad_logits @ weight, grad_logits.T @ states, grad_logits.sum(0), None, None, None


def _likeliest(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The highest of each row of logits (B, V), and the first word id with it, (B,) each."""
    if logits.is_cuda:
        return logits.max(1)
    word = torch.from_numpy(logits.numpy().argmax(1))  # eight times faster than torch's on a CPU
    return logits.gather(1, word.unsqueeze(1)).squeeze(1), word


def _draw(logits: Tensor, top: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """One word id (B,) from each row of logits (B, V), by the inverse of the cumulative distribution.

    `top` (B,) is each row's highest. exp(logits - top) is written to `shares`; its totals (B,) are returned too.
    """
    torch.sub(logits, top.unsqueeze(1), out=shares).exp_()
    heights = shares.cumsum(1)
    totals = heights[:, -1:]
    chosen = torch.rand(totals.shape, device=logits.device) * totals
    found = torch.searchsorted(heights, chosen, right=True).clamp_max(logits.shape[1] - 1)
    return found.squeeze(1), totals.squeeze(1)
