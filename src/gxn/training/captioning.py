"""Imagine a caption: the update of RNN_Dec, and through v_l of the grounded image map (GXN, equations 4 to 7)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gxn.configuration.stage_settings import CaptioningSettings
from gxn.datasets.tokens import read_tokens
from gxn.datasets.words import EOS, PAD
from gxn.losses.captioning import caption_mask, cross_entropy, self_critical
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import GROUNDED, Encoders
from gxn.rewards.bleu import Bleu4
from gxn.rewards.ciderd import CiderD
from gxn.rewards.frequencies import read_frequencies
from gxn.training.data import Batch, Split
from gxn.training.optimizers import adam, set_rate, update


class Reward(Protocol):
    """Holds the scorers of captions."""

    def score(self, image_index: np.ndarray, hypotheses: np.ndarray) -> np.ndarray:
        """(B,) float64 of captions int64 (B, T), each against the references of its image (B,)."""


@dataclass(frozen=True)
class Mixed:
    """A weighted sum of rewards."""

    parts: list[tuple[float, Reward]]

    def score(self, image_index: np.ndarray, hypotheses: np.ndarray) -> np.ndarray:
        """Score as `Reward` says."""
        return sum(weight * reward.score(image_index, hypotheses) for weight, reward in self.parts)


class Captioning:
    """The image-to-text path: v_l -> RNN_Dec -> sentence."""

    def __init__(
        self,
        encoders: Encoders,
        decoder: CaptionDecoder,
        settings: CaptioningSettings,
        train_reward: Reward,
        val_reward: CiderD,
    ) -> None:
        self.encoders, self.decoder, self.settings = encoders, decoder, settings
        self.train_reward, self.val_reward = train_reward, val_reward
        decoder.dropout.p = settings.dropout
        self.modules: dict[str, nn.Module] = {"encoders": encoders, "decoder": decoder}
        self.optimizers: dict[str, Optimizer] = {
            "decoder": adam(decoder.parameters(), settings.learning_rate)
        }
        if settings.grounding_rate > 0:
            grounded = encoders.image[GROUNDED].parameters()
            self.optimizers["ground_image"] = adam(grounded, settings.grounding_rate)
        self.sampling, self.updates = 0.0, 0

    def start_epoch(self, epoch: int) -> None:
        settings, self.updates = self.settings, 0
        increases = (settings.epochs_before + epoch) // settings.scheduled_sampling_every
        probability = settings.scheduled_sampling_increase * increases
        self.sampling = min(settings.scheduled_sampling_max, probability)
        if "ground_image" in self.optimizers:
            optimizer = self.optimizers["ground_image"]
            set_rate(optimizer, settings.grounding_rate, settings.lr_decay_epoch, epoch)

    def _ground(self, features: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.settings.grounding_rate > 0):
            return self.encoders.image_space(features, GROUNDED)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        grounded = self._ground(batch.features)
        targets = with_end(batch.tokens)
        log_probs = self.decoder(grounded, targets, self.sampling)
        loss = entropy = cross_entropy(log_probs, targets != PAD)
        losses = {"xe_loss": entropy.detach()}
        weight = self.settings.scst_weight
        critical = weight > 0 and self.updates % self.settings.scst_interval == 0
        self.updates += 1
        if critical:
            loss, losses["reward"] = self._critical(grounded, batch.image)
            loss = (1 - weight) * entropy + weight * loss
        update(loss, self.optimizers.values(), self.settings.max_grad_norm)
        return losses

    def _critical(self, grounded: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """The self-critical loss, one sample per image, and the mean reward of the samples."""
        sampled, greedy, drawn = self.decoder.sample_and_greedy(grounded.detach(), self.settings.max_length)
        scores = self.train_reward.score(
            torch.cat([image, image]).numpy(force=True), torch.cat([sampled, greedy]).numpy(force=True)
        )
        reward, baseline = torch.from_numpy(scores).to(grounded.device).split(len(image))
        counts = reward != baseline  # a sample no better and no worse than the greedy caption teaches nothing
        log_probs = torch.zeros(sampled.shape, device=grounded.device)
        if counts.any():
            log_probs[counts] = self.decoder(grounded[counts], sampled[counts], drawn=drawn.of(counts))
        loss = self_critical(log_probs, caption_mask(sampled, EOS), reward, baseline)
        return loss, reward.mean()

    @torch.no_grad()
    def validate(self, split: Split, batch: int = 512) -> dict[str, float]:
        total, words = 0.0, 0
        for captions in torch.arange(len(split.lengths)).split(batch):
            part = split.batch(captions)
            targets = with_end(part.tokens)
            mask = targets != PAD
            log_probs = self.decoder(self._ground(part.features), targets)
            total -= float(log_probs.masked_fill(~mask, 0).sum())
            words += int(mask.sum())
        rows, spoken = greedy_captions(self.encoders, self.decoder, split.features, self.settings.max_length)
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


def build_rewards(tokens: Path, settings: CaptioningSettings, frequencies: Path) -> tuple[Reward, CiderD]:
    """The reward against the training split's references, and CIDEr-D against those of the validation split.

    Both with the training split's document frequencies.
    """
    references, cider_d = {}, {}
    for split in ("train", "val"):
        captions = read_tokens(tokens, split)
        references[split] = captions.tokens, captions.offsets, captions.caption_image
        if split == "val" or settings.ciderd_weight:
            cider_d[split] = CiderD(*references[split], read_frequencies(frequencies, captions.vocabulary))
    parts = [(settings.ciderd_weight, cider_d["train"])] if settings.ciderd_weight else []
    if settings.bleu4_weight:
        parts.append((settings.bleu4_weight, Bleu4(*references["train"])))
    return Mixed(parts), cider_d["val"]
