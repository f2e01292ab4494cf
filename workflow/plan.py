"""Rows, runs and stages that the configuration asks for."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gxn.configuration.root import Configuration
from gxn.configuration.rows import Method, System
from workflow import paths

# the step that trains each stage; a row that imagines nothing is trained by that of the ranking
STEPS = {
    "pretrain_ranking": "train_ranking",
    "pretrain_xe": "train_captions",
    "pretrain_scst": "train_captions",
    "pretrain_gan": "train_drawing",
    "joint": "train_joint",
    "system": "train_system",
}
SEEDLESS = "seedless"  # in the place of seed{seed}: the wildcard is `less`
ROWS = ("joint", "system")  # stages of one row each, whose embeddings they write
PRETRAINING = tuple(stage for stage in STEPS if stage not in ROWS)


def only(names: Iterable[str]) -> str:
    """Make a wildcard constraint: these names, or none at all."""
    return "|".join(names) or "(?!)"


@dataclass(frozen=True)
class Plan:
    """Rows, runs and stages of a configuration; other modules of `workflow` say what each job reads."""

    config: Configuration

    @property
    def dataset(self) -> str:
        """The dataset's name."""
        return self.config.dataset.name

    @property
    def machine(self) -> dict[str, Any]:
        """Device and threads of a job: results depend on them."""
        return {"device": self.config.device, "threads": self.config.threads}

    # rows

    @cached_property
    def rows(self) -> dict[str, Method]:
        """Rows that are trained to rank on fixed features, by name."""
        return self.config.rows

    @cached_property
    def systems(self) -> dict[str, System]:
        """Rows that another objective trains, by name."""
        return self.config.systems

    @property
    def trained(self) -> list[str]:
        """All rows that are trained on fixed features."""
        return [*self.rows, *self.systems]

    @cached_property
    def imagining(self) -> list[str]:
        """Rows that caption or draw."""
        return [name for name, row in self.rows.items() if row.imagines]

    @cached_property
    def plain(self) -> list[str]:
        """Rows that imagine nothing."""
        return [name for name in self.rows if name not in self.imagining]

    @cached_property
    def tuned(self) -> dict[str, str]:
        """Rows whose CNN is trained too, with the row that each starts from."""
        return {f"{name}_ft": name for name in self.config.finetune.methods}

    @property
    def all_rows(self) -> list[str]:
        """Names of all rows of the table."""
        return [name for name, row in self.config.methods.items() if row is not None] + list(self.tuned)

    @cached_property
    def shown(self) -> str:
        """The row that the retrieval grids show: the first that imagines most."""
        return max(
            self.rows, key=lambda name: (self.rows[name].drawing, self.rows[name].captioning != "none")
        )

    def seedless_of(self, kind: str) -> list[str]:
        """Rows without a seed of one kind."""
        return [name for name, row in self.config.seedless.items() if row.kind == kind]

    # files

    def expand(self, pattern: str, **values: Iterable[str]) -> list[str]:
        """Files of a pattern, for this dataset, every seed and all given values of another wildcard."""
        found = [pattern.replace("{dataset}", self.dataset)]
        for name, each in {**values, "seed": self.config.seeds}.items():
            if any(f"{{{name}}}" in path for path in found):
                found = [path.replace(f"{{{name}}}", str(value)) for path in found for value in each]
        return found

    def runs(self, pattern: str) -> list[str]:
        """Files of every run: of every row, for every seed, or once where the row has none."""
        seedless = self.config.seedless
        trained = [row for row in self.all_rows if row not in seedless]
        once = pattern.replace("seed{seed}", SEEDLESS)
        return [*self.expand(pattern, method=trained), *self.expand(once, method=seedless)]

    def checked(self, *checks: str) -> list[str]:
        """Marker files of checks that passed."""
        return [path for check in checks for path in self.expand(paths.CHECKED.replace("{check}", check))]

    # training stages

    def needed(self) -> list[tuple[str, str]]:
        """Stages, with encoder or row, that the rows need, in the order of training."""
        found = {("system", name) for name in self.systems}
        for name, row in self.rows.items():
            found |= {("joint", name), ("pretrain_ranking", row.encoder)}
            if row.captioning != "none":
                found.add(("pretrain_xe", row.encoder))
            if row.captioning == "mix":
                found.add(("pretrain_scst", row.encoder))
            if row.drawing:
                found.add(("pretrain_gan", row.encoder))
        stages, encoders = list(STEPS), list(self.config.encoders)

        def place(each: tuple[str, str]) -> tuple[int, int]:
            stage, name = each
            # an encoder and a row may have the same name
            return stages.index(stage), (self.trained if stage in ROWS else encoders).index(name)

        return sorted(found, key=place)

    def checkpoints(self, *wanted: str) -> list[str]:
        """Checkpoints of stages, for every seed."""
        pairs = [pair for pair in self.needed() if pair[0] in wanted]
        return [path for stage, name in pairs for path in self.expand(paths.checkpoint(stage, name))]

    def curves(self, *wanted: str) -> list[str]:
        """Training curves of stages, for every seed."""
        pairs = [pair for pair in self.needed() if pair[0] in wanted]
        return [path for stage, name in pairs for path in self.expand(paths.curves(stage, name))]
