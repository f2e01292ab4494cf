"""The content of a study's record: statements of what ran, ranks packed smaller, sheets of drawings."""

import json
import subprocess
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from PIL import Image

from gxn.configuration.files import check
from gxn.configuration.root import Configuration
from gxn.errors import GxnError
from gxn.files import read_json, sha256
from gxn.hdf5 import create_hdf5, hdf5_metadata, open_hdf5
from gxn.reporting.rows import rows_of
from gxn.writing import atomic
from workflow import digests
from workflow.plan import STEPS, Plan

SHEET = (8, 6)  # drawings of a run's sheet, columns and lines
COLOURS = 128  # of a sheet
CODE = (*dict.fromkeys(STEPS.values()), "cca", "evaluate", "imagine", "imagined_lines", "train_reader")


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


def without_folders(plan: Plan) -> Configuration:
    """The configuration, with files of the machine named without their folders."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(each) for key, each in value.items()}
        if isinstance(value, list):
            return [bare(each) for each in value]
        return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value

    return check(bare(plan.config.model_dump(mode="json", exclude_unset=True)), plan.dataset)


def size(folder: Path) -> int:
    """Bytes of the files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
