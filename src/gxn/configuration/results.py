"""Sections `evaluate` and `significance`: how rows are measured and compared."""

from typing import Annotated, Literal

from pydantic import Field

from gxn.configuration.section import Count, Flag, Name, Section, Seed, Share, Whole, list_of


class ReaderOfDrawings(Section):
    """Training of the reader that looks for a caption's facts in drawings of rendered scenes."""

    seed: Seed = Field(description="Seed of pictures, initial weights and order")
    images: Annotated[Count, Field(ge=32, le=1_000_000)] = Field(
        description="Rendered pictures to learn from"
    )
    steps: Annotated[Count, Field(le=1_000_000)] = Field(description="Updates, of 32 pictures each")
    min_accuracy: Share = Field(
        description="Share of right answers on real test pictures below which it is refused"
    )


class Evaluate(Section):
    """Settings of the ranking of the test split's embeddings."""

    protocols: list_of(Literal["full", "1k-5fold", "5k"], 1) = Field(
        description="full: the whole test split; 1k-5fold: mean over five folds of 1,000 images; 5k: 5,000 images"
    )
    meteor: Flag = Field(description="METEOR of captions, where Java is found: 15 CPU seconds for each run")
    reader: ReaderOfDrawings
    medr: Literal["floor", "median"] = Field(
        description="MedR is the floor of the median rank (VSE++), or it itself"
    )


class Significance(Section):
    """The paired bootstrap, over images and seeds, of each row's difference from a control."""

    control: Name = Field(description="Row that the others are compared with")
    resamples: Whole = Field(ge=100, le=10_000_000, description="Bootstrap resamples")
    seed: Seed = Field(description="Seed of the resampling")


class Paper(Section):
    """Datasets that the paper shows."""

    datasets: list_of(Name) = Field(
        description="Datasets, in order, whose rows appear in results/table_ablation.csv; none: the one above"
    )
