"""Answer the questions of the study from its records, with their power, CPU seconds and facts for the text."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gxn import cli
from gxn.errors import GxnError
from gxn.evaluation.metrics import RECALLS
from gxn.evaluation.power import detectable, pooled, power, spread
from gxn.files import write_json, write_text
from gxn.reporting import hours
from gxn.reporting.answers import against_control, answers, read_questions
from gxn.reporting.curves import chance
from gxn.reporting.study import Study
from gxn.reporting.tables import to_csv

EFFECTS, SEEDS = (0, 3, 5, 10), {3, 5}
SHARE = 0.8  # of studies that are to find a detectable effect


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    questions: Path = cli.option("YAML of the questions")
    studies: tuple[Path, ...] = cli.option("about.json of each record")
    answers: Path = cli.option("CSV of answers to write")
    differences: Path = cli.option("CSV of each row's difference from the control to write")
    power: Path = cli.option("CSV of power to write")
    hours: Path = cli.option("CSV of CPU seconds to write")
    facts: Path = cli.option("JSON of facts about the studies to write")


def table_answers(arguments: Arguments) -> None:
    """Write the five files.

    Raises:
        GxnError: there is no record of the scenes.
    """
    studies = {path.parent.name: Study(path.parent) for path in arguments.studies}
    if "scenes" not in studies:
        raise GxnError("study/scenes: there is no such record; make it by workflow/study.py")
    questions = read_questions(arguments.questions)
    table, resamples = answers(studies, questions), int(questions["resamples"])
    full = {name: studies[name] for name in questions["shown"] if name in studies}
    differences = pd.concat([against_control(study, resamples) for study in full.values()])
    found = {arguments.answers: table, arguments.differences: differences}
    found[arguments.power] = power_table(full, table, questions)
    for path, content in found.items():
        write_text(path, content.to_csv(index=False, lineterminator="\n", float_format="%.6f"))
    spent = [line for study in studies.values() for line in hours.hours(study)]
    write_text(arguments.hours, to_csv(spent, hours.COLUMNS))
    write_json(arguments.facts, {name: facts(study) for name, study in studies.items()})


def power_table(
    studies: Mapping[str, Study], table: pd.DataFrame, questions: Mapping[str, Any]
) -> pd.DataFrame:
    """Power by study, number of seeds and effect, at the level alone and at that of Holm's first step.

    `detectable` is the least effect that SHARE of the studies find. Of a study with one seed there is no line, as
    the spread between seeds is not known.
    """
    rng, lines = np.random.default_rng(0), []
    for name, study in studies.items():
        tested = table[(table["family"] == questions["shown"][name]) & (table["seeds"] > 1)]
        rows = [row for row in tested["row"].unique() if row.startswith("gxn_")]
        if not rows:
            continue
        of = pooled([spread(study.ranked[row], study.ranked[study.control]) for row in rows])
        levels = {"": questions["level"], "_holm": questions["level"] / len(tested)}
        for seeds in sorted(SEEDS | {len(study.about["seeds"])}):
            least = {
                f"detectable{key}": detectable(SHARE, seeds, of, level, rng) for key, level in levels.items()
            }
            for effect in EFFECTS:
                found = {f"power{key}": power(effect, seeds, of, level, rng) for key, level in levels.items()}
                line = {"study": name, "effect": effect, "seeds": seeds, "tests": len(tested)}
                lines.append(line | {"images_sd": of.images, "seeds_sd": of.seeds} | found | least)
    columns = ["study", "effect", "seeds", "tests", "images_sd", "seeds_sd"]
    columns += ["power", "power_holm", "detectable", "detectable_holm"]
    return pd.DataFrame(lines, columns=columns)


def facts(study: Study) -> dict[str, Any]:
    """Statements of the text about a study, besides results."""
    about = study.about
    first, ranked = study.runs[0], next(iter(study.ranked.values()))[0]
    own = {key: about.get(key) for key in ("dataset", "training_images", "commit", "configuration", "data")}
    by_chance = {f"{way}_r{k}": float(chance(ranked, way)[k - 1]) for way in ("i2t", "t2i") for k in RECALLS}
    return own | {
        "seeds": len(about["seeds"]),
        "absent": about.get("absent", {"rows": [], "seeds": []}),
        "rows": {key: row.label for key, row in study.rows.items()},
        "test_images": first.gallery[0],
        "test_captions": first.gallery[1],
        "chance": by_chance | {"rsum": sum(by_chance.values())},
        "hours": hours.total(study),
        "grids": sorted(path.stem for path in (study.folder / "figures").glob("*.pdf")),
    }


main = cli.command(table_answers, Arguments)

if __name__ == "__main__":
    main()
