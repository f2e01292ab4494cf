"""The metrics files of many runs, read together and refused when they do not compare."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from gxn import plugins
from gxn.errors import GxnError
from gxn.evaluation.metrics import DIRECTIONS, RECALL_COLUMNS, RECALLS
from gxn.files import read_json
from gxn.reporting import names

METRICS = (
    *(f"{way}_{number}" for way in DIRECTIONS for number in (*(f"r{k}" for k in RECALLS), "medr")),
    "rsum",
)
# further columns, behind those above; OPTIONAL ones are of labels, which not every dataset has
COLUMNS = "gxn.evaluation.columns"
FURTHER = tuple(f"{way}_{name}" for way in DIRECTIONS for name in plugins.names(COLUMNS))
OPTIONAL = tuple(key for key in FURTHER if plugins.load(COLUMNS, key[4:]).READS == "labels")


@dataclass(frozen=True)
class Run:
    """One run under one protocol; `dataset` names both, `numbers` has the keys METRICS and FURTHER.

    `alone` has the same numbers of each space alone, where the run has several.
    """

    path: Path
    dataset: str
    method: str
    seed: int | None  # None: the row has none
    numbers: dict[str, float]
    alone: dict[str, dict[str, float]]
    gallery: tuple[int, int]  # images, captions
    config: str
    data: str


def read_runs(paths: Iterable[str | Path], methods: Collection[str]) -> list[Run]:
    """Runs of all the files, in the order of datasets (by label), `methods` and seeds.

    Raises:
        GxnError: a file is damaged or given twice, a row or one of its seeds is missing, or files that
            should be on equal terms come from other data, protocols or configurations.
    """
    methods = list(methods)
    runs = [run for path in paths for run in _read(Path(path))]
    if not runs:
        raise GxnError("no metrics files given: nothing to make a table of")
    for run in runs:
        if run.method not in methods:
            raise GxnError(f"{run.path}: method {run.method!r} is not among the rows {', '.join(methods)}")
    runs.sort(key=lambda run: (run.dataset, methods.index(run.method), run.seed or 0))
    for label in sorted({run.dataset for run in runs}):
        _check_terms([run for run in runs if run.dataset == label], methods)
    return runs


def rows(runs: list[Run]) -> list[list[Run]]:
    """Runs of each row, seeds together, in their order."""
    grouped: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        grouped.setdefault((run.dataset, run.method), []).append(run)
    return list(grouped.values())


def _read(path: Path) -> list[Run]:
    content = read_json(path)
    try:
        provenance = content["provenance"]
        if not content["protocols"]:
            raise ValueError("it has no protocol")
        return [
            Run(
                path=path,
                dataset=names.dataset(str(content["dataset"]), protocol),
                method=str(content["method"]),
                seed=None if content["seed"] is None else int(content["seed"]),
                numbers=_numbers(found, path),
                alone={space: _numbers(each[protocol], path) for space, each in content["spaces"].items()},
                gallery=(int(found["images"]), int(found["captions"])),
                config=str(provenance["config"]),
                data=str(provenance["data"]),
            )
            for protocol, found in content["protocols"].items()
        ]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise GxnError(
            f"{path}: is not a metrics file: {type(error).__name__} {error}. Make it again"
        ) from error


def _numbers(found: dict, path: Path) -> dict[str, float]:
    numbers = {key: float(found[key[:3]][key[4:]]) for key in METRICS if key != "rsum"}
    numbers["rsum"] = float(found["rsum"])
    present = [key for key in FURTHER if key not in OPTIONAL or key[4:] in found[key[:3]]]
    numbers |= {key: float(found[key[:3]][key[4:]]) for key in present}
    for key, value in numbers.items():
        if not math.isfinite(value) or value < 0 or (key in RECALL_COLUMNS and value > 100):
            raise GxnError(f"{path}: {key} is {value}. Evaluate the run again")
    if not math.isclose(sum(numbers[key] for key in RECALL_COLUMNS), numbers["rsum"], abs_tol=1e-6):
        raise GxnError(
            f"{path}: rsum {numbers['rsum']} is not the sum of the recalls. Evaluate the run again"
        )
    return numbers


def _check_terms(runs: list[Run], methods: list[str]) -> None:
    """Runs of one dataset under one protocol: one data hash and gallery, and every row with every seed."""
    first = runs[0]
    for run in runs:
        if run.data != first.data:
            raise GxnError(
                f"{run.path}: was made from other data than {first.path}, so they cannot be compared"
            )
        if run.gallery != first.gallery:
            raise GxnError(
                f"{run.path}: searches {run.gallery} images and captions, but {first.path} {first.gallery}"
            )
    seeds = {run.seed for run in runs} - {None}
    for method in methods:
        row = [run for run in runs if run.method == method]
        if not row:
            raise GxnError(f"row {method!r} has no metrics file for {first.dataset}, {first.path} has one")
        for run, following in pairwise(row):
            if run.seed == following.seed:
                raise GxnError(f"{following.path}: seed {run.seed} of {method!r} is also in {run.path}")
        own = {run.seed for run in row}
        if own == {None}:
            continue
        if None in own:
            raise GxnError(f"{row[0].path}: row {method!r} has runs with and without a seed")
        if missing := seeds - own:
            raise GxnError(f"{row[0].path}: row {method!r} lacks seed {min(missing)}, which other rows have")
        other = [run for run in row if run.config != row[0].config]
        if other:
            raise GxnError(f"{other[0].path}: was made with another configuration than {row[0].path}")
