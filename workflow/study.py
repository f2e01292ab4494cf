"""The studies of config/study: train them, and keep what their paper reads under study/, which is in git.

    uv run python workflow/study.py train [NAME ...]   train the studies one after another, and record each
    uv run python workflow/study.py record NAME        record results that are there
        --files FILE ...   configuration files to lay over those of the study, such as where your photographs are
        --root FOLDER      the checkout whose results are recorded (default: this one)
        --present          record the rows and seeds that are there, and say in about.json which are absent

A record holds metrics, ranks of every query, curves, imagined captions, a sheet of drawings of each run, where the
paper shows them the two grids, and in about.json the hashes of code, configuration, data and of its own files.
`snakemake paper` needs nothing else. config.yaml says what was run.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

import gxn.errors
from gxn.configuration.files import check, load, overlay, read, write
from gxn.errors import GxnError
from gxn.files import write_json
from workflow import paths, records, result_files, study_record
from workflow.plan import Plan
from workflow.preconditions import check_code
from workflow.result_checks import check_runs

RECORD, CONFIGS = Path(records.FOLDER), Path("config/study")
LIMIT = 20_000_000  # bytes of all records


def studies() -> list[str]:
    """Names of the studies, in the order of their cost to a reader: the main one first."""
    names = sorted(path.stem for path in (ROOT / CONFIGS).glob("*.yaml"))
    return sorted(names, key=lambda name: name != "scenes")


def files(name: str) -> list[str]:
    """Configuration files of a study, as the command in its header names them.

    Raises:
        GxnError: there is no such study, or its header has no command.
    """
    if name not in studies():
        raise GxnError(f"{name}: is not a study; those of {CONFIGS} are {', '.join(studies())}")
    path = CONFIGS / f"{name}.yaml"
    command = re.search(
        r"^#.* --configfile((?: config/\S+)+)", (ROOT / path).read_text("utf-8"), re.MULTILINE
    )
    named = command[1].split() if command else []
    if path.as_posix() not in named:
        raise GxnError(f"{path}: its header has no command with --configfile that names it")
    return named


def plan_of(name: str, more: Sequence[str], root: Path, present: bool) -> Plan:
    """Plan of a study's rows and seeds; with `present`, of those whose metrics are under `root`.

    Raises:
        GxnError: the configuration is wrong, or nothing is there of the control.
    """
    merged: dict[str, Any] = {}
    for path in ["params.yaml", *files(name), *more]:
        overlay(merged, read(ROOT / path))
    plan = Plan(check(merged, name))
    if not present:
        return plan

    def there(row: str, seeds: Iterable[int]) -> bool:
        names = ["seedless"] if row in plan.config.seedless else [f"seed{seed}" for seed in seeds]
        folder = root / paths.RESULTS.format(dataset=plan.dataset) / "metrics" / row
        return all((folder / f"{each}.json").is_file() for each in names)

    control = plan.config.significance.control
    seeds = [seed for seed in plan.config.seeds if there(control, [seed])]
    if not seeds:
        raise GxnError(f"{name}: there are no metrics of {control} under {root}; train the study first")
    absent = {row: None for row in plan.all_rows if not there(row, seeds)}
    overlay(merged, {"seeds": seeds, "methods": absent})
    return Plan(check(merged, name))


def record(name: str, more: Sequence[str] = (), root: Path = ROOT, present: bool = False) -> Path:
    """Write study/NAME again from results, whole or not at all, and return its folder.

    Raises:
        GxnError: a result is missing, or the records would exceed LIMIT.
    """
    wanted, plan = plan_of(name, more, root, False), plan_of(name, more, root, present)
    check_runs(plan, root)
    folder, unfinished = ROOT / RECORD / name, ROOT / "scratch" / RECORD / name
    shutil.rmtree(unfinished, ignore_errors=True)
    results = paths.RESULTS.format(dataset=plan.dataset)

    def put(path: str) -> tuple[Path, Path]:
        """Give a result's path, and where it goes."""
        if not (root / path).is_file():
            raise GxnError(f"{root / path}: there is no such file; train the study first, or use --present")
        out = unfinished / Path(path).relative_to(results)
        out.parent.mkdir(parents=True, exist_ok=True)
        return root / path, out

    imagined = plan.expand(paths.IMAGINED, method=plan.imagining)
    for path in [
        *plan.runs(paths.METRICS),
        *result_files.all_curves(plan),
        *imagined,
        *result_files.lines(plan),
    ]:
        shutil.copyfile(*put(path))
    for path in plan.runs(paths.RANKS):
        study_record.pack_ranks(*put(path))
    for row in (row for row in plan.imagining if plan.rows[row].drawing):
        for path in plan.expand(paths.DRAWINGS, method=[row]):
            source, out = put(path)
            study_record.sheet(source, out.with_suffix(".png"))
    # photographs belong to their owners
    if name in records.to_show() and plan.config.dataset.source.renders():
        for path in (form for grid in ("i2t", "t2i") for form in plan.expand(paths.figure(grid, "pdf"))):
            shutil.copyfile(*put(path))
    write(unfinished / "config.yaml", study_record.without_folders(plan))
    write_json(unfinished / "about.json", study_record.about(name, plan, wanted, root, unfinished))
    others = sum(study_record.size(each) for each in (ROOT / RECORD).glob("*") if each != folder)
    if others + study_record.size(unfinished) > LIMIT:
        raise GxnError(f"{folder}: the records would exceed {LIMIT / 1e6:.0f} MB")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    unfinished.rename(folder)
    return folder


def train(names: Sequence[str], more: Sequence[str], cores: str, nolock: bool) -> None:
    """Train the studies one after another and record each.

    `nolock`: the folder is held by the Snakemake whose rule `study` this is.

    Raises:
        GxnError: Snakemake failed; what was trained is kept, and the same command goes on.
    """
    for name in names or studies():
        configs = [*files(name), *more]
        load([ROOT / path for path in ["params.yaml", *configs]])  # refused here, before hours of training
        print(f"study {name}", flush=True)
        command = [
            "snakemake",
            "--cores",
            cores,
            *["--nolock"] * nolock,
            "--configfile",
            *configs,
            "--",
            "all",
        ]
        if subprocess.run(command, cwd=ROOT).returncode:
            raise GxnError(f"study {name}: was not finished; the same command goes on where it stopped")
        print(f"recorded in {record(name, more).relative_to(ROOT)}", flush=True)


def main() -> None:
    """Read the command line."""
    check_code(Path(gxn.errors.__file__).parent, ROOT / "src" / "gxn")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    training, recording = commands.add_parser("train"), commands.add_parser("record")
    training.add_argument("names", nargs="*", metavar="NAME", help="studies; none: all")
    training.add_argument("--cores", default="all", help="cores that Snakemake uses")
    training.add_argument(
        "--nolock", action="store_true", help="for the rule `study`, which holds the folder"
    )
    recording.add_argument("name", metavar="NAME")
    recording.add_argument("--root", type=Path, default=ROOT, help="checkout whose results are recorded")
    recording.add_argument("--present", action="store_true", help="record the rows and seeds that are there")
    for each in (training, recording):
        each.add_argument("--files", nargs="*", default=[], metavar="FILE", help="files over the study's")
    given = parser.parse_args()
    if given.command == "train":
        train(given.names, given.files, given.cores, given.nolock)
    else:
        print(record(given.name, given.files, given.root.resolve(), given.present))


if __name__ == "__main__":
    try:
        main()
    except GxnError as error:
        sys.exit(f"error: {error}")
