"""Arguments and messages shared by the commands that use a trained row."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.errors import GxnError
from gxn.regular import lines, read_text
from gxn.using.index import Found
from gxn.using.model import Model
from gxn.using.results import Results, Skill, open_results


@dataclass(frozen=True, kw_only=True)
class ModelArguments:
    """Arguments that choose a row of the results, or an exported one."""

    row: str | None = cli.option("row of the table; default: the best on the validation split", None)
    seed: int | None = cli.option("seed of its run; default: the configuration's first", None)
    config: tuple[Path, ...] = cli.option("configuration files of the run, without params.yaml", ())
    model: Path | None = cli.option("exported folder, instead of the results here", None)

    def open(self, skill: Skill) -> tuple[Model, Results | None]:
        """Open the row, and the results that it belongs to; its name is printed.

        Raises:
            GxnError: no trained row has that skill.
        """
        if self.model is not None:
            if self.row or self.seed is not None or self.config:
                raise GxnError(
                    "--model: an exported row has its own row, seed and configuration; leave these out"
                )
            from gxn.using.exported import load

            model, results, why = load(self.model), None, f"exported in {self.model}"
        else:
            results = open_here(self.config)
            chosen = results.choose(self.row, self.seed, skill)
            model = results.open(chosen)
            able = sum(skill in each.skills for each in results.rows(self.seed))
            why = f"validation rsum {chosen.val_rsum:.1f}"
            if self.row is None and able > 1:
                why += f", the best of {able} rows that {skill}"
        print(f"row {model.row}, seed {model.seed} of {model.dataset}: {why}", file=sys.stderr)
        return model, results


def open_here(config: Sequence[Path]) -> Results:
    """Open the results in this folder.

    Raises:
        GxnError: the folder is not the repository's, or the configuration is wrong.
    """
    if not Path("params.yaml").is_file():
        raise GxnError(
            f"{Path.cwd()}: has no params.yaml; run this in the repository's folder, or use an exported row by "
            "--model DIR"
        )
    return open_results(*config)


def read_sentences(path: Path) -> list[str]:
    """Sentences of a text file, one a line.

    Raises:
        GxnError: it cannot be read, or has none.
    """
    found = [line.strip() for _, line in lines(read_text(path)) if line.strip()]
    if not found:
        raise GxnError(f"{path}: has no sentence")
    return found


def say_unknown(model: Model, sentence: str) -> None:
    """Warn of words that a row does not know."""
    if unknown := model.vocabulary.unknown(sentence):
        cli.warn(f"not in the vocabulary: {', '.join(unknown)}")


def say_collapsed(model: Model, what: str) -> None:
    """Warn where the row's decoder or generator did not learn."""
    for warning in model.warnings:
        if what in warning:
            cli.warn(warning)


def show(found: Sequence[Found]) -> None:
    """Print results, the best first: rank, score and name."""
    for rank, each in enumerate(found, 1):
        print(f"{rank:3}  {each.score:8.4f}  {each.name}")
