"""Answer the questions of the study from its record, say what power it had, and gather facts for the text."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gxn import cli
from gxn.evaluation.power import pooled, power, spread
from gxn.files import write_json, write_text
from gxn.reporting.answers import answers, read_questions
from gxn.reporting.study import Study

EFFECTS, SEEDS = (0, 3, 5, 10), (3, 5)


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    questions: Path = cli.option("YAML of the questions")
    studies: tuple[Path, ...] = cli.option("about.json of each record")
    answers: Path = cli.option("CSV of answers to write")
    power: Path = cli.option("CSV of power to write")
    facts: Path = cli.option("JSON of facts about the studies to write")


def table_answers(arguments: Arguments) -> None:
    """Write the three files."""
    studies = {path.parent.name: Study(path.parent) for path in arguments.studies}
    questions = read_questions(arguments.questions)
    table = answers(studies, questions)
    write_text(arguments.answers, table.to_csv(index=False, lineterminator="\n", float_format="%.6f"))
    table = power_table(studies["scenes"], len(questions["families"]["main"]["comparisons"]), questions)
    write_text(arguments.power, table.to_csv(index=False, lineterminator="\n", float_format="%.6f"))
    write_json(arguments.facts, {name: facts(study) for name, study in studies.items()})


def power_table(study: Study, family: int, questions: dict[str, Any]) -> pd.DataFrame:
    """Power by effect and number of seeds: at the level alone, and at that of Holm's first step in a family."""
    control = study.ranked["two_space"]
    imagining = [row for row in study.rows if row.startswith("gxn_")]
    of = pooled([spread(study.ranked[row], control) for row in imagining])
    rng = np.random.default_rng(0)
    lines = []
    for effect in EFFECTS:
        for seeds in SEEDS:
            levels = {"power": questions["level"], "power_holm": questions["level"] / family}
            found = {name: power(effect, seeds, of, level, rng) for name, level in levels.items()}
            lines.append(
                {"effect": effect, "seeds": seeds, "images_sd": of.images, "seeds_sd": of.seeds} | found
            )
    return pd.DataFrame(lines)


def facts(study: Study) -> dict[str, Any]:
    """Statements of the text about a study, besides results."""
    about = study.about
    first = study.runs[0]
    own = {key: about.get(key) for key in ("dataset", "training_images", "commit", "configuration", "data")}
    return own | {
        "seeds": len(about["seeds"]),
        "rows": {key: row.label for key, row in study.rows.items()},
        "test_images": first.gallery[0],
        "test_captions": first.gallery[1],
        "hours": study.hours(),
        "row_minutes": {row: about["seconds"].get(f"joint/{row}", 0.0) / 60 for row in study.rows},
    }


main = cli.command(table_answers, Arguments)

if __name__ == "__main__":
    main()
