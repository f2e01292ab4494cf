"""Imagine an image: the discriminator's update, then the generator's (GXN, equations 11 and 12)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gxn.errors import GxnError
from gxn.files import hdf5_dataset, open_hdf5, read_rows, rows_of
from gxn.losses.adversarial import (
    Adversarial,
    conditioning_kl,
    contrastive_loss,
    discriminator_loss,
    generator_loss,
)
from gxn.models.discriminator import Discriminator, ProjectionHead
from gxn.models.encoders import GROUNDED, Encoders
from gxn.models.generator import ConditioningAugmentation, Generator
from gxn.models.widths import ModelConfig
from gxn.training.averaging import MovingAverage
from gxn.training.data import Batch, Split, spread_rows
from gxn.training.optimizers import adam, set_rate, update


@dataclass(frozen=True)
class DrawingConfig:
    """Settings of the text-to-image update.

    Attributes:
        learning_rate: Adam's for discriminator, generator and conditioning augmentation.
        beta1: Adam's first decay rate for them.
        ema: decay of the moving average of generator and conditioning augmentation, which is what is kept and
            drawn from; 0: they are kept as they are.
        grounding_rate: learning rate of the grounded text encoder; 0 leaves the encoders as they are.
        decay_epoch: from this epoch on (0-based) `grounding_rate` is a tenth; null: never.
        clip: largest gradient norm of the generator's update.
        beta_f, beta_w: weights of drawn images and of wrong captions in equation 11.
        contrastive_d, contrastive_g: weights of `contrastive_loss` beside equations 11 and 12: of the batch's true
            images and captions for the discriminator, of its drawings and captions for the generator. It reads
            the inner products of a projection discriminator.
        beta_s: weight of the KL term (a mean over elements) in equation 12.
        adversarial: equations 11 and 12 by the `logistic` loss, as they are written, or by the `hinge`.
        saturating: the generator minimises log(1 - D) as equation 12 is written, else -log D; logistic only.
        wrong: the caption of the batch's `next` pair of another image, or of a `random` one.
        discriminator_grounds: equation 11 reaches the grounded text encoder, too.
        batch: pairs of each batch that are drawn, evenly spread over it.

    Raises:
        GxnError: `ema` is not in [0, 1), or a hinge is asked to saturate.
    """

    learning_rate: float
    beta1: float
    ema: float
    grounding_rate: float
    decay_epoch: int | None
    clip: float
    beta_f: float
    beta_w: float
    contrastive_d: float
    contrastive_g: float
    beta_s: float
    adversarial: Adversarial
    saturating: bool
    wrong: Literal["next", "random"]
    discriminator_grounds: bool
    batch: int

    def __post_init__(self) -> None:
        if not 0 <= self.ema < 1:
            raise GxnError(f"drawing.ema: must be at least 0 and less than 1, not {self.ema}")
        if self.adversarial == "hinge" and self.saturating:
            raise GxnError(
                "drawing.saturating: only the logistic loss can; set drawing.adversarial: logistic"
            )


@dataclass(frozen=True)
class _Sketch:
    """Drawings (B, 3, S, S), the captions that the discriminator reads, and t_c's mean and log variance (B, C)."""

    drawn: Tensor
    caption: Tensor
    mean: Tensor
    log_variance: Tensor


class Drawing:
    """The text-to-image path: t_l -> t_c -> G_i -> image, judged by D_i against the caption.

    Attributes:
        modules: all networks with a training state, by name.
        kept: the networks that a checkpoint keeps, by name: generator and conditioning augmentation are the moving
            averages where there are such.
    """

    def __init__(
        self,
        encoders: Encoders,
        augmentation: ConditioningAugmentation,
        generator: Generator,
        discriminator: Discriminator,
        config: DrawingConfig,
        thumbnails: Tensor,
    ) -> None:
        """Prepare the update; `thumbnails` uint8 (N, 3, S, S) are the training images by their row in the split.

        Raises:
            GxnError: a contrastive loss is asked of a discriminator that has no inner products.
        """
        if max(config.contrastive_d, config.contrastive_g) > 0 and not isinstance(
            discriminator.head, ProjectionHead
        ):
            raise GxnError(
                "drawing.contrastive_d, contrastive_g: need the inner products of a projection discriminator; "
                "set both to 0, or model.discriminator_kind: projection"
            )
        self.encoders, self.augmentation = encoders, augmentation
        self.generator, self.discriminator = generator, discriminator
        self.config, self.thumbnails = config, thumbnails
        self.judge_grounds = config.discriminator_grounds and config.grounding_rate > 0
        betas = (config.beta1, 0.999)
        self.drawers = nn.ModuleDict({"augmentation": augmentation, "generator": generator})
        self.modules: dict[str, nn.Module] = {
            "encoders": encoders,
            "augmentation": augmentation,
            "generator": generator,
            "discriminator": discriminator,
        }
        self.kept = {name: each for name, each in self.modules.items() if name != "encoders"}
        self.average: MovingAverage | None = None
        if config.ema > 0:
            self.average = self.modules["average"] = MovingAverage(self.drawers, config.ema)
            self.kept |= self.average.network.items()
        self.optimizers: dict[str, Optimizer] = {
            "discriminator": adam(discriminator.parameters(), config.learning_rate, betas),
            "generator": adam(self.drawers.parameters(), config.learning_rate, betas),
        }
        if config.grounding_rate > 0:
            grounded = [
                *encoders.words_of(GROUNDED).parameters(),
                *encoders.rnn[GROUNDED].parameters(),
                *encoders.text[GROUNDED].parameters(),
            ]
            self.optimizers["ground_text"] = adam(grounded, config.grounding_rate)

    def start_epoch(self, epoch: int) -> None:
        if "ground_text" in self.optimizers:
            set_rate(
                self.optimizers["ground_text"], self.config.grounding_rate, self.config.decay_epoch, epoch
            )

    def step(self, batch: Batch) -> dict[str, Tensor]:
        part = spread_rows(len(batch.image), self.config.batch)
        lengths, rows = batch.lengths[part], part.to(batch.image.device, non_blocking=True)
        image, tokens = batch.image[rows], batch.tokens[rows, : int(lengths[0])]
        real = to_unit(self.thumbnails[image])
        sketch = self._sketch(tokens, lengths)
        losses = self._discriminate(real, sketch, image)
        if self.judge_grounds:
            sketch = self._sketch(tokens, lengths)  # by the encoder as it is now
        return losses | self._generate(sketch, image)

    def _sketch(self, tokens: Tensor, lengths: Tensor) -> _Sketch:
        with torch.set_grad_enabled(self.config.grounding_rate > 0):
            grounded = self.encoders.text_space(tokens, lengths, GROUNDED)
        condition, mean, log_variance = self.augmentation(grounded)
        caption = grounded if self.discriminator.reads == "text" else mean
        return _Sketch(self.generator(condition), caption, mean, log_variance)

    def _discriminate(self, real: Tensor, sketch: _Sketch, image: Tensor) -> dict[str, Tensor]:
        config = self.config
        caption, trained = sketch.caption.detach(), [self.optimizers["discriminator"]]
        if self.judge_grounds:
            caption, trained = sketch.caption, [*trained, self.optimizers["ground_text"]]
        judge = self.discriminator
        seen, text = judge.look(real), judge.read(caption)
        true = judge.match(seen, text)
        mismatched = judge.match(seen, text[wrong_pairs(image, config.wrong)])
        fake = judge.match(judge.look(sketch.drawn.detach()), text)
        weights = config.beta_f, config.beta_w
        loss = discriminator_loss(true, fake, mismatched, *weights, config.adversarial)
        losses = {"discriminator_loss": loss.detach()}
        if config.contrastive_d > 0:
            contrastive = contrastive_loss(judge.head.products(seen, text), image)
            losses["contrastive_real"] = contrastive.detach()
            loss = loss + config.contrastive_d * contrastive
        update(loss, trained, None)
        return losses

    def _generate(self, sketch: _Sketch, image: Tensor) -> dict[str, Tensor]:
        config, judge = self.config, self.discriminator.requires_grad_(False)
        seen, text = judge.look(sketch.drawn), judge.read(sketch.caption.detach())
        adversarial = generator_loss(judge.match(seen, text), config.saturating, config.adversarial)
        kl = conditioning_kl(sketch.mean, sketch.log_variance)
        losses = {"generator_loss": adversarial.detach(), "kl": kl.detach()}
        loss = adversarial + config.beta_s * kl
        if config.contrastive_g > 0:
            contrastive = contrastive_loss(judge.head.products(seen, text), image)
            losses["contrastive_drawn"] = contrastive.detach()
            loss = loss + config.contrastive_g * contrastive
        drawers = [each for name, each in self.optimizers.items() if name != "discriminator"]
        update(loss, drawers, config.clip)
        judge.requires_grad_(True)
        if self.average is not None:
            self.average.update(self.drawers)
        return losses

    def validate(self, split: Split) -> dict[str, float]:
        """Nothing: the drawings of the test split are judged by the step `imagine`."""
        return {}


def to_unit(images: Tensor) -> Tensor:
    """uint8 images -> float32 in [-1, 1]."""
    return images.float().div_(127.5).sub_(1.0)


def wrong_pairs(image: Tensor, wrong: str) -> Tensor:
    """For each pair the row, int64 (B,), of a pair of another image, next or random: its caption is the wrong one.

    Where a batch is all one image there is none, and the next pair stands in.
    """
    size = len(image)
    rows = torch.arange(size, device=image.device)
    steps = rows.roll(-1)  # 1, 2, ..., 0
    if wrong == "random":
        steps = torch.cat([torch.randperm(size - 1, device=image.device) + 1, steps[-1:]])
    ahead = (rows.unsqueeze(1) + steps.unsqueeze(0)) % size  # (B, B): i+1, i+2, ..., i
    other = image[ahead] != image.unsqueeze(1)
    return ahead.gather(1, other.to(torch.int8).argmax(1, keepdim=True)).squeeze(1) if size > 1 else rows


def build_drawer(model: ModelConfig, size: int, device: torch.device) -> dict[str, nn.Module]:
    """Conditioning augmentation, generator and discriminator as configured for images of side `size`, fresh."""
    networks = {
        "augmentation": ConditioningAugmentation(model.joint, model.condition),
        "generator": Generator(model.condition, model.noise, model.generator, size, model.generator_kind),
        "discriminator": Discriminator(
            model.joint,
            model.condition,
            model.discriminator,
            size,
            model.discriminator_kind,
            model.discriminator_reads,
            model.discriminator_norm,
        ),
    }
    # on a CPU, convolutions of few channels take a seventh less time with the channels last
    layout = torch.channels_last if device.type == "cpu" else torch.preserve_format
    return {name: network.to(device, memory_format=layout) for name, network in networks.items()}


def read_thumbnails(path: Path, split: Split) -> Tensor:
    """uint8 (N, 3, S, S) of a split's images, by their row, on the split's device.

    Raises:
        GxnError: the file is missing or damaged, or lacks an image.
    """
    with open_hdf5(path) as file:
        present, images = hdf5_dataset(file, "imgid", "iu", 1)[:], hdf5_dataset(file, "images", "u", 4)
        if images.shape[:2] != (len(present), 3):
            raise GxnError(f"{path}: images must be ({len(present)}, 3, S, S); run the step thumbnails")
        found = read_rows(images, rows_of(split.imgid, present, path), np.uint8)
    return torch.from_numpy(found).to(split.features.device)
