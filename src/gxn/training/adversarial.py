"""Match with labels and against a modality discriminator (ACMR, Wang et al. 2017)."""

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gxn.configuration.stage_settings import RankingSettings
from gxn.configuration.systems import Adversarial as Settings
from gxn.losses.adversary import (
    bounded_margin,
    distance_loss,
    label_loss,
    modality_loss,
    random_negatives,
    reversal_strength,
    reverse_gradient,
    unlike,
)
from gxn.models.classifiers import AdversaryGuard, LabelClassifier, ModalityDiscriminator, modality_accuracy
from gxn.models.encoders import Encoders
from gxn.training.data import Batch, Split
from gxn.training.matching import Matching, embed
from gxn.training.optimizers import adam, set_rate, update

SAMPLE = 1024  # training pairs whose distances bound the margin


class Adversarial(Matching):
    """The ranking loss, or ACMR's distances, plus a label classifier's loss, less a discriminator's.

    Encoders and label classifier share one optimiser and its clipping, the discriminator has its own. One backward
    pass serves both: the gradient is reversed between discriminator and encoders.
    """

    def __init__(
        self,
        encoders: Encoders,
        ranking: RankingSettings,
        settings: Settings,
        labels: Tensor,
        several: bool,
        train: Split,
        updates: int,
    ) -> None:
        """Build both classifiers for one space.

        Args:
            labels: multi-hot (N, L) of the training images, in the split's order, on its device.
            several: an image may have several labels, or none.
            train: the training split; the distances of some of its pairs bound the margin.
            updates: number of updates in all phases.
        """
        super().__init__(encoders, ranking)
        self.adversarial, self.labels, self.several = settings, labels, several
        self.updates, self.start, self.end, self.done = updates, 0, 0, 0
        joint_dim, device = next(iter(encoders.image.values())).out_features, labels.device
        self.classifier = LabelClassifier(joint_dim, labels.shape[1]).to(device)
        self.discriminator = ModalityDiscriminator(joint_dim).to(device)
        self.guard = AdversaryGuard().to(device)
        trained = nn.ModuleList([encoders, self.classifier, *self.learnt.values()])
        self.optimizer = adam(trained.parameters(), ranking.learning_rate)
        self.against = adam(self.discriminator.parameters(), settings.lr_discriminator)
        self.modules = {
            **self.modules,
            "label_classifier": self.classifier,
            "discriminator": self.discriminator,
            "adversary_guard": self.guard,
        }
        self.optimizers: dict[str, Optimizer] = {"match": self.optimizer, "discriminator": self.against}
        sample = train.sample(SAMPLE)
        with torch.no_grad():
            images, texts = encoders.images(sample.features), encoders.texts(sample.tokens, sample.lengths)
        self.margin = bounded_margin(images[0], texts[0], settings.margin)

    def begin(self, ranking: RankingSettings, epochs: int, steps_per_epoch: int) -> None:
        self.settings, self.steps_per_epoch = ranking, steps_per_epoch
        self.start, self.end = self.end, self.end + epochs * steps_per_epoch
        for optimizer in self.optimizers.values():
            optimizer.state.clear()

    def embed(self, split: Split) -> tuple[list[Tensor], list[Tensor]]:
        """Embeddings of the encoders."""
        return embed(self.encoders, split)

    def start_epoch(self, epoch: int) -> None:
        set_rate(self.optimizer, self.settings.learning_rate, self.settings.lr_decay_epoch, epoch)
        self.done = self.start + epoch * self.steps_per_epoch
        is_over = self.guard.close_epoch(self._strength())
        self.playing = self.adversarial.adversary_weight > 0 and not is_over

    def _strength(self) -> float:
        """Strength l of the gradient reversal after the updates done."""
        return reversal_strength(self.done / self.updates)

    def match(self, images: list[Tensor], texts: list[Tensor], batch: Batch) -> dict[str, Tensor]:
        """Update by embeddings (B, J) of the batch's images and captions in the one space."""
        own, labels = self.adversarial, self.labels[batch.image]
        losses = (
            self._apart(images[0], texts[0], labels)
            if own.as_published
            else self._ranked(images, texts, batch)
        )
        logits = self.classifier(images[0]), self.classifier(texts[0])
        losses["label_loss"] = own.label_weight * label_loss(*logits, labels, self.several)
        optimizers, accuracy = [self.optimizer], {}
        if self.playing:
            judged = [
                self.discriminator(reverse_gradient(side[0], self._strength())) for side in (images, texts)
            ]
            losses["modality_loss"] = own.adversary_weight * modality_loss(*judged)
            accuracy["discriminator_accuracy"] = modality_accuracy(*judged)
            self.guard.note(accuracy["discriminator_accuracy"])
            optimizers.append(self.against)
        update(sum(losses.values()), optimizers, self.settings.max_grad_norm)
        self.done += 1
        return {name: loss.detach() / len(batch.image) for name, loss in losses.items()} | accuracy

    def _ranked(self, images: list[Tensor], texts: list[Tensor], batch: Batch) -> dict[str, Tensor]:
        """The row's ranking loss."""
        return {"ranking_loss": self.ranking_loss(images, texts, batch)}

    def _apart(self, images: Tensor, texts: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """ACMR's distances, with a random item of another label."""
        differs = unlike(labels)
        negatives = random_negatives(differs), random_negatives(differs)
        push = self.adversarial.push_weight
        return {"distance_loss": distance_loss(images, texts, differs, negatives, self.margin, push)}
