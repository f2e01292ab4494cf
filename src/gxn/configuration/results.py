"""Sections `evaluate` and `significance`: how rows are measured and compared."""

from typing import Literal

from pydantic import Field

from gxn.configuration.section import Name, Section, Seed, Whole, list_of


class Evaluate(Section):
    """How embeddings of the test split are ranked."""

    protocols: list_of(Literal["full", "1k-5fold", "5k"], 1) = Field(
        description="full: the whole test split; 1k-5fold: mean over five folds of 1,000 images; 5k: 5,000 images"
    )
    medr: Literal["floor", "median"] = Field(
        description="MedR is the floor of the median rank (VSE++), or it itself"
    )


class Significance(Section):
    """The paired bootstrap, over images and seeds, of each row's difference from a control."""

    control: Name = Field(description="Row that the others are compared with")
    resamples: Whole = Field(ge=100, le=10_000_000, description="Bootstrap resamples")
    seed: Seed = Field(description="Seed of the resampling")


class Paper(Section):
    """What the paper shows."""

    datasets: list_of(Name) = Field(
        description="Datasets, in order, whose rows stand in results/table_ablation.csv; none: the one above"
    )
