"""Imagine an image: the discriminator's update, then the generator's (GXN, equations 11 and 12)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gxn.configuration.networks import Model
from gxn.configuration.stage_settings import DrawingSettings
from gxn.errors import GxnError
from gxn.files import rows_of
from gxn.hdf5 import hdf5_dataset, open_hdf5, read_rows
from gxn.losses.adversarial import conditioning_kl, contrastive_loss, discriminator_loss, generator_loss
from gxn.models.discriminator import Discriminator
from gxn.models.encoders import GROUNDED, Encoders
from gxn.models.generator import ConditioningAugmentation, Generator
from gxn.training.averaging import MovingAverage
from gxn.training.data import Batch, Split, spread_rows
from gxn.training.optimizers import adam, set_rate, update


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
        settings: DrawingSettings,
        images: Tensor,
    ) -> None:
        """`images`: uint8 (N, 3, S, S), the training images by their row in the split."""
        self.encoders, self.augmentation = encoders, augmentation
        self.generator, self.discriminator = generator, discriminator
        self.settings, self.images = settings, images
        self.judge_grounds = settings.discriminator_grounds and settings.grounding_rate > 0
        betas = (settings.beta1, 0.999)
        self.drawers = nn.ModuleDict({"augmentation": augmentation, "generator": generator})
        self.modules: dict[str, nn.Module] = {
            "encoders": encoders,
            "augmentation": augmentation,
            "generator": generator,
            "discriminator": discriminator,
        }
        self.kept = {name: each for name, each in self.modules.items() if name != "encoders"}
        self.average: MovingAverage | None = None
        if settings.ema > 0:
            self.average = self.modules["average"] = MovingAverage(self.drawers, settings.ema)
            self.kept |= self.average.network.items()
        self.optimizers: dict[str, Optimizer] = {
            "discriminator": adam(discriminator.parameters(), settings.learning_rate, betas),
            "generator": adam(self.drawers.parameters(), settings.learning_rate, betas),
        }
        if settings.grounding_rate > 0:
            grounded = encoders.text_parameters(GROUNDED)
            self.optimizers["ground_text"] = adam(grounded, settings.grounding_rate)

    def start_epoch(self, epoch: int) -> None:
        if "ground_text" in self.optimizers:
            set_rate(
                self.optimizers["ground_text"],
                self.settings.grounding_rate,
                self.settings.lr_decay_epoch,
                epoch,
            )

    def step(self, batch: Batch) -> dict[str, Tensor]:
        part = spread_rows(len(batch.image), self.settings.batch_size)
        lengths, rows = batch.lengths[part], part.to(batch.image.device, non_blocking=True)
        image, tokens = batch.image[rows], batch.tokens[rows, : int(lengths[0])]
        real = to_unit(self.images[image])
        sketch = self._sketch(tokens, lengths)
        losses = self._discriminate(real, sketch, image)
        if self.judge_grounds:
            sketch = self._sketch(tokens, lengths)  # by the encoder as it is now
        return losses | self._generate(sketch, image)

    def _sketch(self, tokens: Tensor, lengths: Tensor) -> _Sketch:
        with torch.set_grad_enabled(self.settings.grounding_rate > 0):
            grounded = self.encoders.text_space(tokens, lengths, GROUNDED)
        condition, mean, log_variance = self.augmentation(grounded)
        caption = grounded if self.discriminator.reads == "text" else mean
        return _Sketch(self.generator(condition), caption, mean, log_variance)

    def _discriminate(self, real: Tensor, sketch: _Sketch, image: Tensor) -> dict[str, Tensor]:
        settings = self.settings
        caption, trained = sketch.caption.detach(), [self.optimizers["discriminator"]]
        if self.judge_grounds:
            caption, trained = sketch.caption, [*trained, self.optimizers["ground_text"]]
        judge = self.discriminator
        features, text = judge.look(real), judge.read(caption)
        true = judge.match(features, text)
        mismatched = judge.match(features, text[mismatched_pairs(image, settings.mismatched)])
        fake = judge.match(judge.look(sketch.drawn.detach()), text)
        weights = settings.fake_weight, settings.mismatched_weight
        loss = discriminator_loss(true, fake, mismatched, *weights, settings.adversarial)
        losses = {"discriminator_loss": loss.detach()}
        if settings.contrastive_d > 0:
            contrastive = contrastive_loss(judge.head.products(features, text), image)
            losses["contrastive_real"] = contrastive.detach()
            loss = loss + settings.contrastive_d * contrastive
        update(loss, trained, None)
        return losses

    def _generate(self, sketch: _Sketch, image: Tensor) -> dict[str, Tensor]:
        settings, judge = self.settings, self.discriminator.requires_grad_(False)
        features, text = judge.look(sketch.drawn), judge.read(sketch.caption.detach())
        adversarial = generator_loss(judge.match(features, text), settings.saturating, settings.adversarial)
        kl = conditioning_kl(sketch.mean, sketch.log_variance)
        losses = {"generator_loss": adversarial.detach(), "kl": kl.detach()}
        loss = adversarial + settings.kl_weight * kl
        if settings.contrastive_g > 0:
            contrastive = contrastive_loss(judge.head.products(features, text), image)
            losses["contrastive_drawn"] = contrastive.detach()
            loss = loss + settings.contrastive_g * contrastive
        drawers = [each for name, each in self.optimizers.items() if name != "discriminator"]
        update(loss, drawers, settings.max_grad_norm)
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


def mismatched_pairs(image: Tensor, kind: str) -> Tensor:
    """For each pair the row, int64 (B,), of a pair of another image, next or random: its caption is the wrong one.

    Where a batch is all one image there is none, and the next pair stands in.
    """
    size = len(image)
    rows = torch.arange(size, device=image.device)
    steps = rows.roll(-1)  # 1, 2, ..., 0
    if kind == "random":
        steps = torch.cat([torch.randperm(size - 1, device=image.device) + 1, steps[-1:]])
    ahead = (rows.unsqueeze(1) + steps.unsqueeze(0)) % size  # (B, B): i+1, i+2, ..., i
    other = image[ahead] != image.unsqueeze(1)
    return ahead.gather(1, other.to(torch.int8).argmax(1, keepdim=True)).squeeze(1) if size > 1 else rows


def build_drawing_networks(model: Model, size: int, device: torch.device) -> dict[str, nn.Module]:
    """Conditioning augmentation, generator and discriminator as configured for images of side `size`, fresh."""
    networks = {
        "augmentation": ConditioningAugmentation(model.joint_dim, model.cond_dim),
        "generator": Generator(model.cond_dim, model.z_dim, model.g_channels, size, model.generator_kind),
        "discriminator": Discriminator(
            model.joint_dim,
            model.cond_dim,
            model.d_channels,
            size,
            model.discriminator_kind,
            model.discriminator_reads,
            model.discriminator_norm,
        ),
    }
    # on a CPU, convolutions of few channels take a seventh less time with the channels last
    layout = torch.channels_last if device.type == "cpu" else torch.preserve_format
    return {name: network.to(device, memory_format=layout) for name, network in networks.items()}


def read_gan_images(path: Path, split: Split) -> Tensor:
    """uint8 (N, 3, S, S) of a split's images, by their row, on the split's device.

    Raises:
        GxnError: the file is missing or damaged, or lacks an image.
    """
    with open_hdf5(path) as file:
        present, images = hdf5_dataset(file, "imgid", "iu", 1)[:], hdf5_dataset(file, "images", "u", 4)
        if images.shape[:2] != (len(present), 3):
            raise GxnError(f"{path}: images must be ({len(present)}, 3, S, S); make it again")
        found = read_rows(images, rows_of(split.imgid, present, path), np.uint8)
    return torch.from_numpy(found).to(split.features.device)
