"""Checks that results are those of a configuration, before they are recorded."""

import subprocess
from pathlib import Path

from gxn.errors import GxnError
from gxn.files import digest, read_json
from workflow import paths, stage_files
from workflow.digests import stage_settings
from workflow.plan import Plan
from workflow.statements import rows

MAKE = "`uv run dvc repro` with the params.yaml of the repository makes it"
LINES = ("people", "chance")  # of table_imagined.csv, beside the rows


def stated_hash(plan: Plan, stage: str, name: str) -> str:
    """Hash of the configuration that a stage's checkpoint, and what is made of it, states (`gxn.provenance`)."""
    before = [stated_hash(plan, *each) for each in stage_files.earlier(plan, stage, name).values()]
    return digest([stage_settings(plan, stage, name).model_dump(mode="json"), *before])


def check_runs(plan: Plan, root: Path) -> None:
    """Refuse metrics of another dataset, seed or configuration.

    Raises:
        GxnError: names the first file that is missing or another's.
    """
    for method in plan.trained:
        expected = stated_hash(plan, "joint" if method in plan.rows else "system", method)
        for path in plan.expand(paths.METRICS, method=[method]):
            found = read_json(present(root / path))
            if found.get("dataset") != plan.dataset or found.get("method") != method:
                raise GxnError(f"{path}: is of {found.get('dataset')}, row {found.get('method')}; {MAKE}")
            if found.get("provenance", {}).get("config") != expected:
                raise GxnError(f"{path}: was made with other settings than those of params.yaml; {MAKE}")


def check_table(plan: Plan, name: str, text: str) -> None:
    """Refuse a table of another dataset, of other rows, or of another number of seeds.

    Raises:
        GxnError: names the table.
    """
    path, table = plan.expand(paths.table(name))[0], rows(text)
    others = sorted({row["dataset"] for row in table} - {plan.dataset})
    if others or not table:
        raise GxnError(f"{path}: has rows of {', '.join(others) or 'nothing'}, not of {plan.dataset}; {MAKE}")
    if name == "imagined.csv":
        table = [row for row in table if row["method"] not in LINES]
    unknown = sorted({row["method"] for row in table} - set(plan.all_rows))
    if unknown or (name == "ablation.csv" and [row["method"] for row in table] != plan.all_rows):
        raise GxnError(f"{path}: does not have the rows of params.yaml; {MAKE}")
    seedless = (
        () if name == "significance.csv" else plan.config.seedless
    )  # there, it is paired with every seed
    counts = dict.fromkeys(seedless, 0)
    if any(int(row["seeds"]) != counts.get(row["method"], len(plan.config.seeds)) for row in table):
        raise GxnError(f"{path}: does not have the {len(plan.config.seeds)} seeds of params.yaml; {MAKE}")


def check_nothing_to_do(root: Path) -> None:
    """Refuse results that Snakemake would make again: of other settings, code or data, or by unknown means.

    Raises:
        GxnError: with what Snakemake says.
    """
    command = ["snakemake", "--dry-run", "--quiet", "rules", "--", "all"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    output = done.stdout + done.stderr
    if done.returncode or "Nothing to be done" not in output or "missing provenance" in output:
        raise GxnError(f"results/ is not what the workflow would make now; {MAKE}\n{output.strip()}")


def present(path: Path) -> Path:
    """Give the path back.

    Raises:
        GxnError: there is no such file.
    """
    if not path.is_file():
        raise GxnError(f"{path}: there is no such file; {MAKE}")
    return path
