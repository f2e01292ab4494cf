"""Sections of training: what all stages share, the two ways to imagine, and the length and rates of each stage."""

from typing import Literal, Self

from pydantic import Field, model_validator

from gxn.configuration.section import (
    Count,
    Epochs,
    Flag,
    LastEpochs,
    Name,
    OptionalEpochs,
    OptionalImages,
    Pairs,
    Positive,
    Rate,
    RateOrZero,
    Real,
    Section,
    Share,
    Weight,
    Words,
    list_of,
    number,
)

MaxNorm = Positive


class Training(Section):
    """Settings that all training stages share."""

    batch_size: Pairs = Field(description="Caption-image pairs in a batch")
    precision: Literal["float32", "bfloat16"] = Field(description="Arithmetic; bfloat16 by autocast")
    val_subset: OptionalImages = Field(
        description="Validation images, the first ones, that an epoch is chosen on; null: all"
    )


class RankingStage(Section):
    """Pretraining of the encoders by their ranking loss."""

    epochs: Epochs = Field(description="Passes over the training captions")
    learning_rate: Rate = Field(description="Adam's rate")
    max_grad_norm: MaxNorm = Field(description="Largest gradient norm")


class Stage(Section):
    """A pretraining stage on frozen encoders."""

    epochs: Epochs = Field(description="Passes over the training captions")
    learning_rate: Rate = Field(description="Adam's rate")


class DecoderStage(Stage):
    """A pretraining stage of the caption decoder; the best epoch on validation is kept."""

    patience: OptionalEpochs = Field(
        description="Epochs in a row without a better validation metric (cross-entropy in pretrain_xe, CIDEr-D in "
        "pretrain_scst) after which the stage ends; null: all epochs are trained"
    )


class Captioning(Section):
    """From image to text: the caption decoder's losses and rewards."""

    max_grad_norm: MaxNorm = Field(description="Largest gradient norm")
    scst_weight: Share = Field(description="Share gamma of the self-critical loss in the mix (equation 7)")
    scst_interval: Count = Field(
        description="One of so many updates, counted in each epoch, has the self-critical loss"
    )
    ciderd_weight: Weight = Field(description="Weight of CIDEr-D, 0 to 10, in the reward")
    bleu4_weight: Weight = Field(description="Weight of BLEU-4, 0 to 1, in the reward")
    scheduled_sampling_increase: Share = Field(
        description="Scheduled sampling's probability is min(max, increase * floor(epoch / every))"
    )
    scheduled_sampling_every: Count = Field(
        description="Epochs between two increases; counted over all stages"
    )
    scheduled_sampling_max: Share = Field(description="Highest probability of scheduled sampling")
    dropout: Real = Field(
        ge=0, lt=1, description="Share of the decoder's states that is dropped in learning by cross-entropy"
    )
    max_length: Words = Field(description="Words of a decoded caption at most, its end included")

    @model_validator(mode="after")
    def _rewarded(self) -> Self:
        if not self.ciderd_weight and not self.bleu4_weight:
            raise ValueError("ciderd_weight and bleu4_weight are both 0; give one a weight")
        return self


class Drawing(Section):
    """From text to image: conditioning augmentation, generator and discriminator."""

    beta1: Real = Field(ge=0, lt=1, description="Adam's first decay rate")
    ema: Real = Field(
        ge=0,
        lt=1,
        description="Decay of the moving average of the generator, which is kept and drawn from; 0: none",
    )
    max_grad_norm: MaxNorm = Field(description="Largest gradient norm of the generator's update")
    fake_weight: Weight = Field(description="beta_f: weight of drawn images in the discriminator's loss")
    mismatched_weight: Weight = Field(description="beta_w: weight of mismatched captions in it")
    contrastive_d: Weight = Field(
        description="Weight of telling a batch's true images and captions apart, beside equation 11; "
        "for a projection discriminator"
    )
    contrastive_g: Weight = Field(
        description="Weight of telling a batch's drawings by their captions, beside equation 12; likewise"
    )
    kl_weight: Weight = Field(description="beta_s: weight of the KL term, a mean over elements")
    adversarial: Literal["hinge", "logistic"] = Field(
        description="Form of the adversarial losses: hinge, or logistic (GAN-CLS, StackGAN, equations 11 and 12)"
    )
    saturating: Flag = Field(
        description="Logistic only: the generator minimises log(1 - D), equation 12, instead of -log D"
    )
    mismatched: Literal["next", "random"] = Field(
        description="A mismatched caption is that of the next pair of another image, or of a random one"
    )
    discriminator_grounds: Flag = Field(
        description="Equation 11 moves the grounded text encoder, too, at joint.lr_grounded_text"
    )
    batch_size: Pairs = Field(description="Pairs of each batch that are drawn")

    @model_validator(mode="after")
    def _saturates(self) -> Self:
        if self.adversarial == "hinge" and self.saturating:
            raise ValueError("saturating applies to the logistic loss only; set adversarial: logistic")
        return self


class Joint(Section):
    """The stage that all rows have: ranking, and between its updates what the row imagines."""

    epochs: Epochs = Field(description="Passes over the training captions")
    ranking_steps_per_batch: number(int, ge=1, le=100) = Field(
        description="Ranking updates on each batch, equal for all rows"
    )
    learning_rate: Rate = Field(description="Adam's rate of the ranking updates")
    lr_decay_epoch: LastEpochs = Field(
        description="From this epoch on (from 0), a tenth of every rate that moves the encoders; null: never"
    )
    max_grad_norm: MaxNorm = Field(description="Largest gradient norm of the ranking updates")
    lr_decoder: Rate = Field(description="Rate of the caption decoder")
    lr_grounded_image: RateOrZero = Field(
        description="Rate at which the caption's loss moves the grounded image map; 0: it grounds nothing"
    )
    lr_gan: Rate = Field(description="Rate of generator, discriminator and conditioning augmentation")
    lr_grounded_text: RateOrZero = Field(
        description="Rate at which the generator's loss moves the grounded text encoder; 0: it grounds nothing"
    )


class Finetune(Section):
    """Training that goes on with the CNN in the loop."""

    methods: list_of(Name) = Field(
        description="Rows that are trained on; each appears in the table as {row}_ft"
    )
    processes: number(int, ge=1, le=1024) = Field(description="Cards that share each batch, by torchrun")
    epochs: Epochs = Field(description="Passes over the training captions")
    lr_cnn: Rate = Field(description="Adam's rate of the CNN")
    learning_rate: Rate = Field(description="Adam's rate of the encoders")
    lr_decay_epoch: LastEpochs = Field(
        description="From this epoch on, from 0, a tenth of both rates; null: never"
    )
    max_grad_norm: MaxNorm = Field(description="Largest gradient norm, of the CNN and of the encoders")
    crop_min_area: Real = Field(gt=0, le=1, description="Least share of an image that a random crop covers")
    flip: Flag = Field(description="Every other image is mirrored: for photographs only")
