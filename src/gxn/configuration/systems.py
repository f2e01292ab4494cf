"""Sections of the systems and controls that are not trained by ranking alone."""

from typing import Literal

from pydantic import Field

from gxn.configuration.section import (
    FilePath,
    Flag,
    Rate,
    Real,
    Section,
    Share,
    Weight,
    Whole,
    Width,
    list_of,
)


class Cca(Section):
    """Canonical correlation analysis of image features and TF-IDF captions; validation chooses from the grid."""

    image_ridges: list_of(Weight, 1) = Field(
        (0.3, 1.0, 2.0), description="Ridges of the images' covariance, in units of its mean variance"
    )
    text_ridges: list_of(Weight, 1) = Field(
        (0.5, 1.0, 2.0), description="Ridges of the captions' covariance, likewise"
    )
    dims: list_of(Width, 1) = Field((64, 128, 256), description="Numbers of canonical directions")
    power: Real = Field(
        1.0, ge=0, le=4, description="Directions are scaled by their correlation to this power (Gong et al.)"
    )
    max_words: Width = Field(
        4000,
        description="Most words that become columns, the most frequent: the work grows with their number cubed",
    )


class Correspondence(Section):
    """Correspondence autoencoder (Feng et al. 2014)."""

    reconstructs: Literal["plain", "cross", "full"] = Field(
        "full", description="A code reconstructs its own modality, plain, the other one, cross, or both, full"
    )
    alphas: list_of(Share, 1) = Field(
        (0.2, 0.5, 0.8),
        description="Shares of the codes' distance in the loss, of which the warm-up's validation chooses one",
    )


class Adversarial(Section):
    """Labels and an adversary beside the ranking loss (ACMR)."""

    as_published: Flag = Field(
        False,
        description="Instead of the ranking loss, the published one: pairs together, other labels apart",
    )
    label_weight: Weight = Field(
        0.5, description="beta: weight of the label classifier's loss, for each pair"
    )
    adversary_weight: Weight = Field(
        0.1, description="Weight of the modality discriminator's loss, for each pair; 0: no adversary"
    )
    lr_discriminator: Rate = Field(1.0e-3, description="Adam's rate of the discriminator")
    margin: Real = Field(
        1.2, gt=0, le=2, description="mu: distance beyond which an item of another label is not pushed away"
    )
    push_weight: Weight = Field(1.0, description="Weight of the push of items of another label")


class LabelSource(Section):
    """The source of the images' labels: the facts of scenes; else COCO's files; else clusters of captions."""

    instances: list_of(FilePath) = Field(
        description="COCO's `instances_*.json`, whose categories are the labels of photographs"
    )
    clusters: Whole = Field(
        ge=2, le=4096, description="Number of clusters of captions, pseudo-labels, where there are no labels"
    )
