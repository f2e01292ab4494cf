"""The whole configuration: its sections, and what rows and encoders take of them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from gxn.configuration.data import Dataset, Vocabulary
from gxn.configuration.features import Cnn, Features
from gxn.configuration.networks import Encoder, EncoderSettings, Model, Retrieval
from gxn.configuration.results import Evaluate, Paper, Significance
from gxn.configuration.rows import Cca, Foreign, Method, Row, System, Trained
from gxn.configuration.section import Name, NullFromText, Section, Seed, Whole, list_of
from gxn.configuration.systems import LabelSource
from gxn.configuration.training import (
    Captioning,
    DecoderStage,
    Drawing,
    Finetune,
    Joint,
    RankingStage,
    Stage,
    Training,
)

RAW = Path("data/raw")  # where the workflow puts what it downloads


class Configuration(Section):
    """All settings of a run; params.yaml is the only place of defaults."""

    seeds: list_of(Seed, 1, 1000) = Field(description="One run of every row for each seed")
    device: Literal["auto", "cpu", "cuda"] = Field(
        description="auto: a CUDA card where there is one, else the CPU"
    )
    threads: Whole = Field(ge=1, le=1024, description="torch's threads on a CPU; results depend on it")
    dataset: Dataset
    cnn: Cnn
    features: Features
    vocabulary: Vocabulary
    model: Model
    training: Training
    retrieval: Retrieval
    encoders: dict[Name, Encoder] = Field(description="Retrieval spaces by name")
    pretrain_ranking: RankingStage
    captioning: Captioning
    drawing: Drawing
    pretrain_xe: DecoderStage = Field(description="The caption decoder by cross-entropy, on frozen encoders")
    pretrain_scst: DecoderStage = Field(description="The caption decoder by the mix, on frozen encoders")
    pretrain_gan: Stage = Field(description="Generator and discriminator, on frozen encoders")
    joint: Joint
    finetune: Finetune
    labels: LabelSource
    methods: dict[Name, Annotated[Row | None, NullFromText]] = Field(
        min_length=1, description="Rows of the table, in order; null: left out"
    )
    evaluate: Evaluate
    significance: Significance
    paper: Paper

    @property
    def rows(self) -> dict[str, Method]:
        """Rows that are trained to rank on fixed features, by name, in order."""
        return {name: row for name, row in self.methods.items() if isinstance(row, Method)}

    @property
    def systems(self) -> dict[str, System]:
        """Rows that are trained by another objective, or by others beside ranking, by name, in order."""
        return {name: row for name, row in self.methods.items() if isinstance(row, System)}

    @property
    def seedless(self) -> dict[str, Cca | Foreign]:
        """Rows without a seed, by name, in order: closed forms and embeddings made elsewhere."""
        return {name: row for name, row in self.methods.items() if isinstance(row, Cca | Foreign)}

    def encoder(self, name: str) -> EncoderSettings:
        """Settings of an encoder: those of all encoders, and over them its own."""
        own = self.encoders[name]
        return EncoderSettings(
            **{key: getattr(own, key) for key in ("spaces", "similarity", "abstract_weight")},
            **(self.retrieval.model_dump() | own.retrieval.model_dump(exclude_unset=True)),
        )

    @property
    def has_real_labels(self) -> bool:
        """Say whether images have labels that are true: facts of scenes, or COCO's categories."""
        return self.dataset.source.renders() or bool(self.labels.instances)

    def joint_of(self, row: Trained) -> Joint:
        """Section `joint` as a row has it."""
        return Joint(**(self.joint.model_dump() | row.joint.model_dump(exclude_unset=True)))


def is_fetched(path: str | Path) -> bool:
    """Say whether a path of the configuration is one that the workflow downloads to, rather than the user's."""
    return RAW in Path(path).parents
