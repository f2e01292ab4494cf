"""Match: the ranking update of the encoders (GXN, equation 3) and its validation by Recall@K."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gxn import plugins
from gxn.configuration.section import Section
from gxn.configuration.stage_settings import RankingSettings
from gxn.evaluation.metrics import rsum, summary
from gxn.evaluation.ranks import Ranks, ranks
from gxn.kernels.similarity import cuda_kernels
from gxn.losses.similarity import score
from gxn.models.encoders import Encoders, encode_captions
from gxn.training.data import Batch, Split
from gxn.training.optimizers import adam, set_rate, update

RankingLoss = Callable[[Tensor, Tensor], Tensor]


class Matching:
    """The ranking objective: every parameter of the encoders, by a loss of the mixed score."""

    def __init__(self, encoders: Encoders, settings: RankingSettings) -> None:
        self.encoders, self.settings = encoders, settings
        self.loss = build_loss(settings.loss)
        self.learnt: dict[str, nn.Module] = {}  # the loss, where it has weights of its own
        if isinstance(self.loss, nn.Module):
            self.learnt["loss"] = self.loss.to(next(encoders.parameters()).device)
        self.ranks = _ranking(encoders)
        self.modules: dict[str, nn.Module] = {"encoders": encoders, **self.learnt}
        weights = [weight for module in self.modules.values() for weight in module.parameters()]
        self.optimizer = adam(weights, settings.learning_rate)
        self.optimizers: dict[str, Optimizer] = {"match": self.optimizer}

    def start_epoch(self, epoch: int) -> None:
        set_rate(self.optimizer, self.settings.learning_rate, self.settings.lr_decay_epoch, epoch)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        with self.encoders.dropping():
            images = self.encoders.images(batch.features)
            texts = self.encoders.texts(batch.tokens, batch.lengths)
        return self.match(images, texts, batch)

    def match(self, images: list[Tensor], texts: list[Tensor], batch: Batch) -> dict[str, Tensor]:
        """Update by embeddings (B, J) of the batch's images and captions in each space."""
        loss = self.ranking_loss(images, texts, batch)
        update(loss, [self.optimizer], self.settings.max_grad_norm)
        return {"ranking_loss": loss.detach() / len(batch.image)}

    def ranking_loss(self, images: list[Tensor], texts: list[Tensor], batch: Batch) -> Tensor:
        """Loss of the mixed score, and of each space's alone, weighted, of embeddings (B, J) in each space.

        Both are sums over the batch.
        """
        encoder = self.encoders.settings
        image = torch.arange(len(batch.image), device=batch.image.device)
        if not encoder.same_image_negatives:
            image = batch.image
        same_image = image.unsqueeze(0) == image.unsqueeze(1)
        scores = score(encoder.similarity, images, texts, self.encoders.weights)
        loss = self.loss(scores, same_image)
        if len(images) > 1 and encoder.each_space_weight > 0:
            for image_space, text_space in zip(images, texts, strict=True):
                alone = score(encoder.similarity, [image_space], [text_space], [1.0])
                loss = loss + encoder.each_space_weight * self.loss(alone, same_image)
        return loss

    def validate(self, split: Split) -> dict[str, float]:
        images, texts = embed(self.encoders, split)
        encoder, caption_to_image = self.encoders.settings, split.caption_image.numpy(force=True)
        found = self.ranks(images, texts, caption_to_image, encoder.similarity, self.encoders.weights)
        i2t, t2i = (summary(each, floor=True) for each in (found.i2t, found.t2i))
        return {"val_rsum": rsum(i2t, t2i), "val_i2t_r10": i2t["r10"], "val_t2i_r10": t2i["r10"]}


def build_loss(parameters: Section) -> RankingLoss:
    """Ranking loss of its parameters, called with scores (B, B) and same_image (B, B)."""
    plugin = plugins.load("gxn.losses.ranking", parameters.kind)
    return (
        plugin.build(parameters) if hasattr(plugin, "build") else partial(plugin.loss, parameters=parameters)
    )


@torch.no_grad()
def embed(encoders: Encoders, split: Split, batch: int = 512) -> tuple[list[Tensor], list[Tensor]]:
    """float32 embeddings of a split's images (N, J) and captions (C, J) in each space, on the split's device."""
    return encoders.images(split.features), encode_captions(encoders, split.tokens, split.lengths, batch)


def _ranking(encoders: Encoders) -> Callable[..., Ranks]:
    """Ranks on the card where the encoders are, if Triton's kernels run there, else on the CPU."""
    if next(encoders.parameters()).is_cuda and cuda_kernels():
        return ranks

    def on_cpu(images: list[Tensor], texts: list[Tensor], *rest) -> Ranks:
        return ranks(*([space.numpy(force=True) for space in side] for side in (images, texts)), *rest)

    return on_cpu
