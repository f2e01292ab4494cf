"""The studies of config/study: train them, and keep what their paper reads under study/, which is in git.

    uv run python workflow/study.py train [NAME ...]   train the studies one after another, and record each
    uv run python workflow/study.py record NAME        record results that are there
        --files FILE ...   configuration files to lay over those of the study, such as where your photographs are
        --root FOLDER      the checkout whose results are recorded (default: this one)
        --present          record the rows and seeds that are there, and say in about.json which are absent

A record holds metrics, ranks of every query, curves, imagined captions, a sheet of drawings of each run, the two
grids, and in about.json the hashes of code, configuration, data and of its own files. `snakemake paper` needs
nothing else. config.yaml says what was run.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

import h5py
import numpy as np
from PIL import Image

import gxn.errors
from gxn.configuration.files import check, load, overlay, read, write
from gxn.errors import GxnError
from gxn.files import read_json, sha256, write_json
from gxn.hdf5 import create_hdf5, hdf5_metadata, open_hdf5
from gxn.reporting.rows import rows_of
from gxn.writing import atomic
from workflow import digests, paths, result_files
from workflow.plan import STEPS, Plan
from workflow.preconditions import check_code
from workflow.result_checks import check_runs

RECORD, CONFIGS = Path("study"), Path("config/study")
LIMIT = 20_000_000  # bytes of all records
SHEET = (8, 6)  # drawings of a run's sheet, columns and lines
COLOURS = 128  # of a sheet
CODE = (*dict.fromkeys(STEPS.values()), "cca", "evaluate", "imagine", "imagined_lines", "train_reader")


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
        pack_ranks(*put(path))
    for row in (row for row in plan.imagining if plan.rows[row].drawing):
        for path in plan.expand(paths.DRAWINGS, method=[row]):
            source, out = put(path)
            sheet(source, out.with_suffix(".png"))
    if plan.config.dataset.source.renders():  # photographs belong to their owners
        for path in (form for grid in ("i2t", "t2i") for form in plan.expand(paths.figure(grid, "pdf"))):
            shutil.copyfile(*put(path))
    write(unfinished / "config.yaml", without_folders(plan))
    write_json(unfinished / "about.json", about(name, plan, wanted, root, unfinished))
    others = sum(size(each) for each in (ROOT / RECORD).glob("*") if each != folder)
    if others + size(unfinished) > LIMIT:
        raise GxnError(f"{folder}: the records would exceed {LIMIT / 1e6:.0f} MB")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    unfinished.rename(folder)
    return folder


def about(name: str, plan: Plan, wanted: Plan, root: Path, folder: Path) -> dict[str, Any]:
    """Say what a record is of: its rows and seeds, what is absent, hashes, processor seconds of each job."""
    first = read_json(folder / f"metrics/{plan.config.significance.control}/seed{plan.config.seeds[0]}.json")
    recorded = sorted(path for path in folder.rglob("*") if path.is_file())
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True)
    return {
        "study": name,
        "dataset": plan.dataset,
        "rows": {row: of_row(plan, row) for row in plan.all_rows},
        "seeds": list(plan.config.seeds),
        "absent": {
            "rows": [row for row in wanted.all_rows if row not in plan.all_rows],
            "seeds": [seed for seed in wanted.config.seeds if seed not in plan.config.seeds],
        },
        "training_images": training_images(plan),
        "code": {step: digests.step(step) for step in CODE},
        "commit": git.stdout.strip() or None,
        "configuration": digests.fingerprint(plan.config),
        "data": first["provenance"]["data"],
        "versions": first["provenance"].get("versions", {}),
        "seconds": seconds(plan, root),
        "files": {path.relative_to(folder).as_posix(): sha256(path) for path in recorded},
    }


def of_row(plan: Plan, row: str) -> dict[str, Any]:
    """Name in print and colour of a row, and its settings."""
    shown, settings = rows_of(plan.config)[row], plan.config.methods.get(row)
    own = settings.model_dump(mode="json", exclude_unset=True) if settings else {}
    return {"label": shown.label, "colour": shown.colour, "settings": own}


def training_images(plan: Plan) -> int | None:
    """Number of training images, where the configuration says it."""
    source = plan.config.dataset.source
    counts = getattr(source, "expected_counts", None)
    return getattr(source, "train", None) or (counts and counts.train)


def seconds(plan: Plan, root: Path) -> dict[str, float]:
    """Processor seconds of every job that the plan has, STAGE/NAME summed over seeds, of its last run."""
    folder = root / "logs" / plan.dataset / "benchmarks"
    names = {*plan.all_rows, *plan.config.encoders}
    spent: dict[str, float] = {}
    for path in sorted(folder.rglob("*.jsonl")):
        job = path.relative_to(folder).with_suffix("")
        if len(job.parts) == 3 and (job.parts[1] not in names or not _asked(job.parts[2], plan)):
            continue
        last = json.loads(path.read_text("utf-8").splitlines()[-1])
        key = "/".join(job.parts[:2])
        spent[key] = round(spent.get(key, 0.0) + float(last.get("cpu_time") or 0.0), 1)
    return spent


def _asked(run: str, plan: Plan) -> bool:
    return run == "seedless" or run.removeprefix("seed") in map(str, plan.config.seeds)


def pack_ranks(source: Path, out: Path) -> None:
    """Write ranks smaller: float32 and int32, exact for ranks and halves of them, compressed."""
    with open_hdf5(source) as file, create_hdf5(out, hdf5_metadata(file)) as packed:

        def put(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                kind = np.float32 if item.dtype.kind == "f" else np.int32
                values = item[:]
                if not np.array_equal(values.astype(kind), values):
                    raise GxnError(f"{source}: {name} does not fit {kind.__name__}")
                packed.create_dataset(name, data=values.astype(kind), compression=9, shuffle=True)

        file.visititems(put)


def sheet(source: Path, out: Path) -> None:
    """Write the first drawings of a run as one PNG."""
    columns, lines = SHEET
    with open_hdf5(source) as file:
        drawn = file["images"][: columns * lines].transpose(0, 2, 3, 1)  # (N, S, S, 3)
    side = drawn.shape[1]
    page = np.full((lines * side, columns * side, 3), 255, np.uint8)
    for place, picture in enumerate(drawn):
        top, left = side * (place // columns), side * (place % columns)
        page[top : top + side, left : left + side] = picture
    with atomic(out) as temporary:
        Image.fromarray(page).quantize(COLOURS).save(temporary, "PNG", optimize=True)


def without_folders(plan: Plan) -> Any:
    """The configuration, with files of the machine named without their folders."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(each) for key, each in value.items()}
        return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value

    return check(bare(plan.config.model_dump(mode="json", exclude_unset=True)), plan.dataset)


def size(folder: Path) -> int:
    """Bytes of the files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


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
