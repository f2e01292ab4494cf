"""The record of a study, as `workflow/study.py record` writes it: what ran, and its result files."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gxn.configuration.files import read
from gxn.errors import GxnError
from gxn.evaluation.ranked import Ranked, by_search, read_ranks
from gxn.files import read_json
from gxn.reporting import style
from gxn.reporting.imagined import imagination
from gxn.reporting.rows import RowName
from gxn.reporting.runs import Run, read_runs
from gxn.reporting.tables import Row


@dataclass(frozen=True)
class Study:
    """A folder of the record."""

    folder: Path

    @property
    def name(self) -> str:
        """The study's name, that of its folder."""
        return self.folder.name

    @cached_property
    def about(self) -> dict[str, Any]:
        """Record of the runs: `rows`, `seeds`, hashes, processor `seconds` of its jobs.

        Raises:
            GxnError: the folder is not a record.
        """
        path = self.folder / "about.json"
        about = read_json(path)
        needed = {"dataset", "rows", "seeds", "seconds", "training_images"}
        if not isinstance(about, dict) or needed - about.keys():
            raise GxnError(f"{path}: is not a record's; make it again by workflow/study.py")
        return about

    @cached_property
    def rows(self) -> dict[str, RowName]:
        """Rows in the order of the table, with names in print."""
        return {key: RowName(row["label"], row["colour"]) for key, row in self.about["rows"].items()}

    @cached_property
    def control(self) -> str:
        """The row that its configuration compares all others with.

        Raises:
            GxnError: config.yaml is missing or does not say it.
        """
        path = self.folder / "config.yaml"
        control = read(path).get("significance", {}).get("control")
        if control not in self.rows:
            raise GxnError(
                f"{path}: significance.control is not a row of the record; make it again by workflow/study.py"
            )
        return control

    @property
    def encoders(self) -> dict[str, str]:
        """Encoder of each row that has a ranking pretraining."""
        settings = {key: row["settings"] for key, row in self.about["rows"].items()}
        trained = {key: each for key, each in settings.items() if each.get("kind", "trained") == "trained"}
        return {key: each["encoder"] for key, each in trained.items() if "encoder" in each}

    @property
    def shown(self) -> dict[str, RowName]:
        """The rows that figures have a colour for: the first ones."""
        return dict(list(self.rows.items())[: len(style.PALETTE)])

    @cached_property
    def runs(self) -> list[Run]:
        """Metrics of every run."""
        return read_runs(self._files("metrics", "json"), self.rows)

    @cached_property
    def ranked(self) -> dict[str, list[Ranked]]:
        """Ranks of every run by row, of the first protocol."""
        return next(iter(by_search(read_ranks(self._files("ranks", "h5"), self.rows)).values()))

    def imagined(self) -> list[Row]:
        """Measures of what rows imagine, then of people and chance; empty where no row does."""
        lines = self.folder / "imagined/lines.json"
        paths = [path for path in self._files("imagined", "json") if path != lines]
        return imagination(paths, lines if lines.is_file() else None, self.rows)

    def curves(self) -> list[Path]:
        """Files of training curves: of the CNN, of the rows shown and of their encoders."""
        encoders = {self.encoders.get(row) for row in self.shown}
        names = {"curves", *self.shown, *encoders}  # the CNN's file lies in the folder itself
        return [path for path in self._files("curves", "csv") if path.parent.name in names]

    def _files(self, kind: str, form: str) -> list[Path]:
        return sorted((self.folder / kind).rglob(f"*.{form}"))
