"""The questions of the study, answered from its record: differences in rsum with intervals, then p values.

A difference comes with a 95 % interval over images and seeds; of one space alone, over seeds only, since its ranks
are not recorded. The p values of a family are adjusted together by Holm's rule.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from gxn.errors import GxnError
from gxn.evaluation.statistics import compare, holm
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
T95 = {
    1: 12.706,
    2: 4.303,
    3: 3.182,
    4: 2.776,
    5: 2.571,
    6: 2.447,
    7: 2.365,
    8: 2.306,
    9: 2.262,
}  # Student, two-sided


def read_questions(path: Path) -> dict[str, Any]:
    """Read the questions.

    Raises:
        GxnError: the file is missing or has not the keys of one.
    """
    try:
        questions = yaml.safe_load(path.read_text(encoding="utf-8"))
        families = questions["families"].values()
        for family in families:
            for each in family["comparisons"]:
                each["key"], each["row"], each["control"], each["ask"]
        return questions | {key: float(questions[key]) for key in ("smallest", "level")}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise GxnError(f"{path}: is not a file of questions: {error!r}") from error


def answers(studies: Mapping[str, Study], questions: Mapping[str, Any]) -> pd.DataFrame:
    """A line per comparison whose rows are in the record, in the order of the questions; columns COLUMNS."""
    lines = [
        _line(studies[name], each, int(questions["resamples"])) | {"family": key, "title": family["title"]}
        for key, family in questions["families"].items()
        for name in family["studies"]
        if name in studies
        for each in family["comparisons"]
        if {each["row"], each["control"]} <= studies[name].rows.keys()
    ]
    if not lines:
        raise GxnError("no comparison of the questions has both its rows in the record")
    table = pd.DataFrame(lines)
    table["p_holm"] = table.groupby("family", sort=False)["p"].transform(_adjusted)
    table["verdict"] = [
        verdict(line, questions["level"], questions["smallest"]) for line in table.to_dict("records")
    ]
    return table.reindex(columns=COLUMNS)


def verdict(line: Mapping[str, Any], level: float, smallest: float) -> str:
    """Say what an interval and an adjusted p value, or where there is none the interval alone, allow to say."""
    adjusted = line["p_holm"]
    certain = adjusted < level if pd.notna(adjusted) else line["low"] > 0 or line["high"] < 0
    if certain:
        return HIGHER if line["difference"] > 0 else LOWER
    return SMALL if -smallest < line["low"] and line["high"] < smallest else OPEN


def _line(study: Study, asked: Mapping[str, Any], resamples: int) -> dict[str, Any]:
    row, control, space = asked["row"], asked["control"], asked.get("space")
    at = study.about[asked["at"]] if isinstance(asked.get("at"), str) else asked.get("at")
    found = {"study": study.name, "line": asked.get("line"), "at": at, "space": space}
    found |= {key: asked[key] for key in ("key", "ask", "row", "control")}
    found |= {"label": study.rows[row].label, "against": study.rows[control].label}
    ours, theirs = (_rsums(study, each, space) for each in (row, control))
    found |= {"seeds": max(len(ours), len(theirs)), "control_rsum": statistics.fmean(theirs)}
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
    """Student's interval of paired differences; it gives no p value, since seeds are few."""
    each = [one - two for one, two in zip(ours, theirs, strict=True)]
    mean = statistics.fmean(each)
    if len(each) < 2:
        return {"difference": mean, "low": -math.inf, "high": math.inf, "p": None}
    half = T95[min(len(each) - 1, max(T95))] * statistics.stdev(each) / math.sqrt(len(each))
    return {"difference": mean, "low": mean - half, "high": mean + half, "p": None}


def _adjusted(p: pd.Series) -> pd.Series:
    known = p.dropna()
    return pd.Series(holm(known.tolist()), index=known.index, dtype=float).reindex(p.index)
