"""The questions of the study, answered from its record: differences in rsum with intervals, then p values.

A difference comes with a 95 % interval over images and seeds; of one space alone, over seeds only, since its ranks
are not recorded. The p values of a family are adjusted together by Holm's rule. A comparison whose rows are not in
the record is `not run`.
"""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from gxn.errors import GxnError
from gxn.evaluation.statistics import compare, holm
from gxn.evaluation.student import paired
from gxn.reporting.study import Study

COLUMNS = [
    "family",
    "title",
    "study",
    "key",
    "ask",
    "row",
    "control",
    "label",
    "against",
    "space",
    "line",
    "at",
]
COLUMNS += ["seeds", "control_rsum", "difference", "low", "high", "p", "p_holm", "verdict"]
HIGHER, LOWER = "higher", "lower"
SMALL, OPEN = "no effect that matters", "not enough power"
UNTESTED, ABSENT = "one seed, not tested", "not run"


def read_questions(path: Path) -> dict[str, Any]:
    """Read the questions.

    Raises:
        GxnError: the file is missing or has not the keys of one.
    """
    try:
        questions = yaml.safe_load(path.read_text(encoding="utf-8"))
        questions["shown"].items()
        for family in questions["families"].values():
            for each in family["comparisons"]:
                each["key"], each["row"], each["control"], each["ask"]
        return questions | {key: float(questions[key]) for key in ("smallest", "level")}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise GxnError(f"{path}: is not a file of questions: {error!r}") from error


def answers(studies: Mapping[str, Study], questions: Mapping[str, Any]) -> pd.DataFrame:
    """A line per comparison in the order of the questions; columns COLUMNS, no numbers where it was not run."""
    names = {key: row.label for study in studies.values() for key, row in study.rows.items()}
    lines = [
        _line(studies.get(name), name, each, names, int(questions["resamples"]))
        | {"family": key, "title": family["title"]}
        for key, family in questions["families"].items()
        for name in family["studies"]
        for each in family["comparisons"]
    ]
    if not any(line["seeds"] for line in lines):
        raise GxnError("no comparison of the questions has both its rows in the record")
    table = pd.DataFrame(lines).reindex(columns=COLUMNS)
    table["p"] = table["p"].astype(float)
    table["p_holm"] = table.groupby("family", sort=False)["p"].transform(_adjusted)
    table["verdict"] = [
        verdict(line, questions["level"], questions["smallest"]) for line in table.to_dict("records")
    ]
    return table


def verdict(line: Mapping[str, Any], level: float, smallest: float) -> str:
    """Give the verdict that the interval, the adjusted p value and the number of seeds of a comparison allow."""
    if line["seeds"] < 2:
        return UNTESTED if line["seeds"] else ABSENT
    if line["p_holm"] < level:
        return HIGHER if line["difference"] > 0 else LOWER
    return SMALL if -smallest < line["low"] and line["high"] < smallest else OPEN


def against_control(study: Study, resamples: int) -> pd.DataFrame:
    """A line per row but the control: its rsum, the control's, and their `difference` with its interval."""
    control, lines = study.control, []
    rsum = statistics.fmean(_rsums(study, control, None))
    for row in (row for row in study.rows if row != control):
        names = {"study": study.name, "row": row, "label": study.rows[row].label, "control": control}
        rsums = {"control_rsum": rsum, "rsum": statistics.fmean(_rsums(study, row, None))}
        lines.append(names | rsums | _over_images(study, row, control, resamples))
    return pd.DataFrame(lines)


def _line(
    study: Study | None, name: str, asked: Mapping[str, Any], names: Mapping[str, str], resamples: int
) -> dict[str, Any]:
    row, control, space = asked["row"], asked["control"], asked.get("space")
    found = {"study": name, "line": asked.get("line"), "space": space, "seeds": 0, "p": None}
    found |= {key: asked[key] for key in ("key", "ask", "row", "control")}
    found |= {"label": names.get(row, row), "against": names.get(control, control)}
    if study is None or not {row, control} <= study.rows.keys():
        return found
    at = study.about[asked["at"]] if isinstance(asked.get("at"), str) else asked.get("at")
    ours, theirs = (_rsums(study, each, space) for each in (row, control))
    found |= {"at": at, "seeds": max(len(ours), len(theirs)), "control_rsum": statistics.fmean(theirs)}
    return found | (_over_seeds(ours, theirs) if space else _over_images(study, row, control, resamples))


def _rsums(study: Study, row: str, space: str | None) -> list[float]:
    """The rsum of each seed; of one space alone where it is named."""
    runs = [run for run in study.runs if run.method == row]
    return [(run.alone[space] if space else run.numbers)["rsum"] for run in runs]


def _over_images(study: Study, row: str, control: str, resamples: int) -> dict[str, Any]:
    ours, theirs = study.ranked[row], study.ranked[control]
    if theirs[0].seed is None and ours[0].seed is not None:  # `compare` repeats a row, not a control
        one = compare(theirs, ours, resamples, 0)[-1]
        return {"difference": -one.value, "low": -one.high, "high": -one.low, "p": one.p}
    one = compare(ours, theirs, resamples, 0)[-1]
    return {"difference": one.value, "low": one.low, "high": one.high, "p": one.p}


def _over_seeds(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, Any]:
    """Student's interval and p value of paired differences; of one seed there is neither."""
    each = [one - two for one, two in zip(ours, theirs, strict=True)]
    low, high, p = paired(each) if len(each) > 1 else (None, None, None)
    return {"difference": statistics.fmean(each), "low": low, "high": high, "p": p}


def _adjusted(p: pd.Series) -> pd.Series:
    known = p.dropna()
    return pd.Series(holm(known.tolist()), index=known.index, dtype=float).reindex(p.index)
