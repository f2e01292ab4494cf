"""Cost of a study, row by row, in CPU seconds of its record's jobs.

A row's *own* jobs train it alone; *shared* ones are the pretraining that it comes from, which rows of the same
encoder share, so that it counts in each of them; *judging* is ranking, captions, drawings and their measures. Jobs
of no row, such as the CNN and the features, stand in a line of their own. The record keeps a job's last run: what
a killed one had spent before is not in it.
"""

from collections.abc import Mapping
from typing import Any

from gxn.reporting.study import Study
from gxn.reporting.tables import Row

COLUMNS = ("study", "dataset", "row", "label", "seeds", "own", "shared", "judging", "each_seed")
COMMON = "common"  # the line of jobs of no row
JUDGING = ("evaluate", "imagine", "embed")


def hours(study: Study) -> list[Row]:
    """Lines of the rows, CPU seconds summed over seeds, `each_seed` all by seed; then that of common jobs."""
    spent, lines = study.about["seconds"], []
    for key, row in study.about["rows"].items():
        own, shared, judged = _jobs(spent, key, row["settings"])
        cells = {"own": _sum(spent, own), "shared": _sum(spent, shared), "judging": _sum(spent, judged)}
        seeds = 1 if row["settings"].get("kind") == "cca" else len(study.about["seeds"])
        each = {"seeds": seeds, "each_seed": sum(cells.values()) / seeds}
        lines.append(_line(study, key, row["label"]) | cells | each)
    return [*lines, _line(study, COMMON, COMMON) | {"own": _sum(spent, _common(spent))}]


def total(study: Study) -> float:
    """Give the CPU hours of all jobs that the study's rows come from, each counted once."""
    spent = study.about["seconds"]
    jobs = set(_common(spent))
    for key, row in study.about["rows"].items():
        jobs |= {job for kind in _jobs(spent, key, row["settings"]) for job in kind}
    return _sum(spent, sorted(jobs)) / 3600


def _jobs(spent: Mapping[str, float], row: str, settings: Mapping[str, Any]) -> tuple[list[str], ...]:
    """Jobs that train a row, those of its pretraining, and those that judge it."""
    mine = [job for job in spent if job.partition("/")[2] == row and not job.startswith("pretrain_")]
    judged = [job for job in mine if job.partition("/")[0] in JUDGING]
    shared = [job for job in _pretraining(settings) if job in spent]
    return [job for job in mine if job not in judged], shared, judged


def _pretraining(settings: Mapping[str, Any]) -> list[str]:
    if settings.get("kind", "trained") != "trained":
        return []
    captioning = settings.get("captioning", "none")
    stages = ["ranking"]
    stages += [] if captioning == "none" else ["xe"]
    stages += ["scst"] if captioning == "mix" else []
    stages += ["gan"] if settings.get("drawing") else []
    return [f"pretrain_{stage}/{settings['encoder']}" for stage in stages]


def _common(spent: Mapping[str, float]) -> list[str]:
    return [job for job in spent if "/" not in job or job.startswith("preflight/")]


def _sum(spent: Mapping[str, float], jobs: list[str]) -> float:
    return float(sum(spent[job] for job in jobs))


def _line(study: Study, row: str, label: str) -> Row:
    cells: Row = {"study": study.name, "dataset": study.about["dataset"], "row": row, "label": label}
    return dict.fromkeys(COLUMNS) | cells
