"""Imagine a caption: the update of RNN_Dec, and through v_l of the grounded image map (GXN, equations 4 to 7)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gxn.datasets.tokens import read_tokens
from gxn.datasets.words import EOS, PAD
from gxn.errors import GxnError
from gxn.losses.captioning import caption_mask, cross_entropy, self_critical
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import GROUNDED, Encoders
from gxn.rewards.bleu import Bleu4
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import read_frequencies
from gxn.training.data import Batch, Split
from gxn.training.optimizers import adam, set_rate, update
from gxn.training.stages import Stage


class Reward(Protocol):
    """What scores captions."""

    def score(self, image_index: np.ndarray, hypotheses: np.ndarray) -> np.ndarray:
        """(B,) float64 of captions int64 (B, T), each against the references of its image (B,)."""


@dataclass(frozen=True)
class Mixed:
    """A weighted sum of rewards."""

    parts: list[tuple[float, Reward]]

    def score(self, image_index: np.ndarray, hypotheses: np.ndarray) -> np.ndarray:
        """As `Reward` has it."""
        return sum(weight * reward.score(image_index, hypotheses) for weight, reward in self.parts)


@dataclass(frozen=True)
class CaptioningConfig:
    """Of the image-to-text update.

    Attributes:
        learning_rate: the decoder's.
        grounding_rate: that of the grounded image map; 0 leaves the encoders as they are.
        decay_epoch: from this epoch on (0-based) `grounding_rate` is a tenth; null: never.
        clip: largest gradient norm.
        gamma: the self-critical loss's share (equation 7); 0 is cross-entropy alone.
        critical_every: of so many updates, counted anew in each epoch, the first has the self-critical loss;
            the others are cross-entropy alone.
        reward_cider_d, reward_bleu_4: weights of a caption's CIDEr-D, 0 to 10, and BLEU-4, 0 to 1, in its reward.
        sampling_increase, sampling_every, sampling_most: scheduled sampling's probability is
            min(most, increase * floor(epoch / every)), with epochs counted from the decoder's first stage on.
        longest: words at most in a decoded caption, end included.
        earlier: epochs that the decoder was trained for in earlier stages.

    Raises:
        GxnError: there is a self-critical loss, but neither reward has a weight.
    """

    learning_rate: float
    grounding_rate: float
    decay_epoch: int | None
    clip: float
    gamma: float
    critical_every: int
    reward_cider_d: float
    reward_bleu_4: float
    sampling_increase: float
    sampling_every: int
    sampling_most: float
    longest: int
    earlier: int

    def __post_init__(self) -> None:
        if self.gamma and not self.reward_cider_d and not self.reward_bleu_4:
            raise GxnError("captioning: reward_cider_d and reward_bleu_4 are both 0; give one a weight")


class Captioning:
    """The image-to-text path: v_l -> RNN_Dec -> sentence."""

    def __init__(
        self,
        encoders: Encoders,
        decoder: CaptionDecoder,
        config: CaptioningConfig,
        train_reward: Reward,
        val_reward: CiderD,
    ) -> None:
        self.encoders, self.decoder, self.config = encoders, decoder, config
        self.train_reward, self.val_reward = train_reward, val_reward
        self.modules: dict[str, nn.Module] = {"encoders": encoders, "decoder": decoder}
        self.optimizers: dict[str, Optimizer] = {"decoder": adam(decoder.parameters(), config.learning_rate)}
        if config.grounding_rate > 0:
            grounded = encoders.image[GROUNDED].parameters()
            self.optimizers["ground_image"] = adam(grounded, config.grounding_rate)
        self.sampling, self.updates = 0.0, 0

    def start_epoch(self, epoch: int) -> None:
        config, self.updates = self.config, 0
        rises = (config.earlier + epoch) // config.sampling_every
        self.sampling = min(config.sampling_most, config.sampling_increase * rises)
        if "ground_image" in self.optimizers:
            set_rate(self.optimizers["ground_image"], config.grounding_rate, config.decay_epoch, epoch)

    def _ground(self, features: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.config.grounding_rate > 0):
            return self.encoders.image_space(features, GROUNDED)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        grounded = self._ground(batch.features)
        targets = with_end(batch.tokens)
        said = self.decoder(grounded, targets, self.sampling)
        loss = entropy = cross_entropy(said, targets != PAD)
        losses = {"xe_loss": entropy.detach()}
        gamma = self.config.gamma
        critical = gamma > 0 and self.updates % self.config.critical_every == 0
        self.updates += 1
        if critical:
            loss, losses["reward"] = self._critical(grounded, batch.image)
            loss = (1 - gamma) * entropy + gamma * loss
        update(loss, self.optimizers.values(), self.config.clip)
        return losses

    def _critical(self, grounded: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """The self-critical loss, one sample per image, and the mean reward of the samples."""
        sampled, greedy, drawn = self.decoder.sample_and_greedy(grounded.detach(), self.config.longest)
        scores = self.train_reward.score(
            torch.cat([image, image]).numpy(force=True), torch.cat([sampled, greedy]).numpy(force=True)
        )
        reward, baseline = torch.from_numpy(scores).to(grounded.device).split(len(image))
        counts = reward != baseline  # a sample no better and no worse than the greedy caption teaches nothing
        said = torch.zeros(sampled.shape, device=grounded.device)
        if counts.any():
            said[counts] = self.decoder(grounded[counts], sampled[counts], drawn=drawn.of(counts))
        loss = self_critical(said, caption_mask(sampled, EOS), reward, baseline)
        return loss, reward.mean()

    @torch.no_grad()
    def validate(self, split: Split, batch: int = 512) -> dict[str, float]:
        total, words = 0.0, 0
        for captions in torch.arange(len(split.lengths)).split(batch):
            part = split.batch(captions)
            targets = with_end(part.tokens)
            mask = targets != PAD
            said = self.decoder(self._ground(part.features), targets)
            total -= float(said.masked_fill(~mask, 0).sum())
            words += int(mask.sum())
        rows, spoken = greedy_captions(self.encoders, self.decoder, split.features, self.config.longest)
        return {
            "val_xe_loss": total / words,
            "val_cider_d": float(self.val_reward.score(rows, spoken).mean()),
        }


def with_end(tokens: Tensor) -> Tensor:
    """Captions (B, T) padded with PAD -> (B, T + 1) with EOS after each one's last word."""
    padded = torch.nn.functional.pad(tokens, (0, 1), value=PAD)
    return padded.scatter(1, (tokens != PAD).sum(1, keepdim=True), EOS)


@torch.no_grad()
def greedy_captions(encoders: Encoders, decoder: CaptionDecoder, features: Tensor, longest: int) -> tuple:
    """Rows 0..N-1 and greedy captions int64 (N, T) of CNN features (N, F), NumPy."""
    spoken = decoder.greedy(encoders.image_space(features, GROUNDED), longest)
    return torch.arange(len(features)).numpy(), spoken.numpy(force=True)


def build_rewards(stage: Stage, config: CaptioningConfig, frequencies: Path) -> tuple[Reward, CiderD]:
    """The reward against the training split's references, and CIDEr-D against those of the validation split.

    Both with the training split's document frequencies.
    """
    references, cider_d = {}, {}
    for split in ("train", "val"):
        captions = read_tokens(stage.arguments["tokens"], split)
        references[split] = captions.tokens, captions.offsets, captions.caption_image
        if split == "val" or config.reward_cider_d:
            cider_d[split] = CiderD(*references[split], read_frequencies(frequencies, captions.vocabulary))
    parts = [(config.reward_cider_d, cider_d["train"])] if config.reward_cider_d else []
    if config.reward_bleu_4:
        parts.append((config.reward_bleu_4, Bleu4(*references["train"])))
    return Mixed(parts), cider_d["val"]
