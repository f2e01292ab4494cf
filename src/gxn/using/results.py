"""The trained rows of a configuration's results, and the dataset beside them."""

import csv
import glob
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gxn import paths
from gxn.configuration.features import FixedCnn
from gxn.configuration.files import load_over_defaults
from gxn.errors import GxnError
from gxn.files import read_json
from gxn.hdf5 import hdf5_metadata, open_hdf5
from gxn.processors import available_cpus, compute_threads
from gxn.training.checkpoint import same_data
from gxn.training.device import choose_device
from gxn.using.dataset import Dataset
from gxn.using.model import Model, read_model
from gxn.using.photographs import Photographs

Skill = Literal["search", "caption", "draw"]


def open_results(*files: str | Path) -> "Results":
    """Open the results of a configuration, in the repository's folder.

    Args:
        files: configuration files, laid over params.yaml; none: the default configuration.

    Raises:
        GxnError: the configuration is wrong.
    """
    return Results(load_over_defaults(files), tuple(map(Path, files)))


@dataclass(frozen=True)
class TrainedRow:
    """A row of the table with a checkpoint.

    Attributes:
        tuned: whether the CNN was trained with it.
        val_rsum: the best sum of recalls on the validation split, 0 to 600, by which its epoch was chosen.
    """

    row: str
    seed: int
    label: str
    skills: tuple[Skill, ...]
    tuned: bool
    val_rsum: float


@dataclass(frozen=True)
class Results(Dataset):
    """Results of a configuration's runs: rows, and the dataset that they were trained on.

    Attributes:
        files: the configuration files that lie over params.yaml.
    """

    files: tuple[Path, ...] = ()

    def rows(self, seed: int | None = None) -> list[TrainedRow]:
        """Trained rows of one seed, by default the configuration's first, in the order of the table."""
        seed = self.config.seeds[0] if seed is None else seed
        found = []
        for name, row in self.config.rows.items():
            skills: tuple[Skill, ...] = ("search",)
            skills += ("caption",) * (row.captioning != "none") + ("draw",) * row.drawing
            found.append((name, row.label or name, skills, False))
        for name in self.config.finetune.methods:
            label = self.config.rows[name].label or name
            found.append((f"{name}_ft", f"{label}, fine-tuned", ("search",), True))
        return [
            TrainedRow(name, seed, label, skills, tuned, _best(self._curves(name, seed, tuned)))
            for name, label, skills, tuned in found
            if self.checkpoint(name, seed, tuned).is_file()
        ]

    def checkpoint(self, row: str, seed: int, tuned: bool = False) -> Path:
        """The file of a trained row."""
        if tuned:
            return self.path(paths.TUNED, method=row, seed=seed)
        return self.path(paths.checkpoint("joint", row), seed=seed)

    def _curves(self, row: str, seed: int, tuned: bool) -> Path:
        pattern = paths.TUNED_CURVES if tuned else paths.curves("joint", row)
        return self.path(pattern, method=row, seed=seed)

    def choose(self, row: str | None = None, seed: int | None = None, skill: Skill = "search") -> TrainedRow:
        """Choose a trained row: the named one, or the one with the best validation rsum of those with the skill.

        Raises:
            GxnError: there is none; the message has the command that trains it.
        """
        trained = self.rows(seed)
        able = [each for each in trained if skill in each.skills]
        if row is None:
            if not able:
                raise GxnError(self._untrained(skill, seed))
            return max(able, key=lambda each: each.val_rsum)
        found = next((each for each in trained if each.row == row), None)
        if found is None:
            raise GxnError(self._absent(row, seed))
        if skill not in found.skills:
            others = ", ".join(each.row for each in able) or "none that is trained"
            raise GxnError(f"row {row} does not {skill}; rows that do: {others}")
        return found

    def _absent(self, row: str, seed: int | None) -> str:
        seed = self.config.seeds[0] if seed is None else seed
        known = [*self.config.rows, *(f"{name}_ft" for name in self.config.finetune.methods)]
        if row not in known:
            kind = "has no checkpoint" if row in self.config.seedless else "is not in the configuration"
            return f"row {row} {kind}; name one of {', '.join(known)}"
        path = self.checkpoint(row, seed, row not in self.config.rows)
        return f"{path}: row {row} is not trained; train it by\n  {self.command(path)}"

    def _untrained(self, skill: Skill, seed: int | None) -> str:
        name, seed = self.config.dataset.name, self.config.seeds[0] if seed is None else seed
        rows = self.config.rows
        can = {
            "search": list(rows),
            "caption": [row for row, own in rows.items() if own.captioning != "none"],
            "draw": [row for row, own in rows.items() if own.drawing],
        }[skill]
        if not can:
            return f"no row of this configuration can {skill}; add one to methods"
        others = sorted(
            {Path(path).parts[1] for path in glob.glob("results/*/checkpoints/joint/*/seed*.safetensors")}
            - {name}
        )
        hint = f"\nThere are trained rows in results/{', results/'.join(others)}: name their configuration "
        target = self.checkpoint(can[-1], seed)
        return (
            f"results/{name}: no row that can {skill} is trained with seed {seed}; train one by\n"
            f"  {self.command(target)}" + (hint + "by --config config/NAME.yaml" if others else "")
        )

    def command(self, target: Path) -> str:
        """The command that makes a file of these results."""
        files = f" --configfile {' '.join(map(str, self.files))}" if self.files else ""
        return f"uv run snakemake --cores {available_cpus()}{files} -- {target}"

    def open(self, trained: TrainedRow) -> Model:
        """The networks of a trained row, ready for use.

        Raises:
            GxnError: its checkpoint is damaged, or was trained on other features, words or transforms than there
                are now.
        """
        path = self.checkpoint(trained.row, trained.seed, trained.tuned)
        features = self.features(trained.row, trained.seed, trained.tuned)
        device = choose_device("auto", compute_threads())
        model = read_model(
            path,
            device,
            row=trained.row,
            seed=trained.seed,
            dataset=self.config.dataset.name,
            vocabulary=self.vocabulary,
            photographs=self._photographs(trained, features, device),
            longest=self.config.captioning.max_length,
            warnings=self._warnings(trained),
        )
        self._check(path, model.about, features)
        return model

    def _check(self, path: Path, about: dict[str, Any], features: Path) -> None:
        """Refuse a checkpoint of other features, tokens or words than there are."""
        tokens, vocabulary = self.path(paths.TOKENS), self.path(paths.VOCABULARY)
        if about.get("vocabulary") != self.vocabulary.hash:
            raise GxnError(f"{path}: was trained with another vocabulary than {vocabulary}; train it again")
        if not same_data(about, features, tokens):
            raise GxnError(f"{path}: was trained on other data than {features} and {tokens}; train it again")

    def _photographs(self, trained: TrainedRow, features: Path, device: Any) -> Photographs | None:
        """The CNN of the features, which must be the configured one."""
        config = self.config
        if config.features.file:
            return None
        weights = Path(config.cnn.weights or self.path(paths.CNN))
        if trained.tuned:
            weights = self.path(paths.TUNED_CNN, method=trained.row, seed=trained.seed)
        cnn = FixedCnn(name=config.cnn.name, layer=config.cnn.layer)
        with open_hdf5(features) as file:
            made = hdf5_metadata(file)
        found = Photographs(cnn, config.features, weights, str(made.get("weights")), device)
        now = found.about()
        for key, value in now.items():
            if made.get(key) != value:
                raise GxnError(
                    f"{features}: was made with {key} {made.get(key)}, but the configuration says {value}; "
                    "give it as it was, or run again"
                )
        return found

    def _warnings(self, trained: TrainedRow) -> list[str]:
        path = self.path(paths.IMAGINED, method=trained.row, seed=trained.seed)
        return [str(each) for each in read_json(path)["warnings"]] if path.is_file() else []


def _best(path: Path) -> float:
    """The best validation rsum of a CSV of curves; 0 where there is none."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return max(float(line["val_rsum"]) for line in csv.DictReader(file))
    except (OSError, KeyError, ValueError):
        return 0.0
