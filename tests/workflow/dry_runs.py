"""Many dry runs of the Snakefile of the working folder, in one process: most of a dry run is imports.

    python dry_runs.py < arguments.json > found.json

Reads a JSON list of argument lists of `snakemake --dry-run`. Writes a JSON list of its exit status, all it said,
and all jobs of its DAG, whether they are to run or not.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from snakemake.cli import main
from snakemake.workflow import Workflow

seen: list[Workflow] = []
execute = Workflow.execute


def remember(workflow: Workflow, *arguments: Any, **options: Any) -> None:
    """Execute, and keep the workflow, whose DAG no option prints with the params of jobs."""
    seen.append(workflow)
    execute(workflow, *arguments, **options)


def job(found: Any, workflow: Workflow) -> dict[str, Any]:
    """A job as JSON; its params as Snakemake compares them, without their names."""
    return {
        "rule": found.rule.name,
        "needed": workflow.dag.needrun(found),
        "inputs": list(found.input),
        "outputs": list(found.output),
        "params": sorted({repr(value) for value in found.params}),
        "command": found.shellcmd or "",
        "threads": found.threads,
        "gpu": found.resources.get("gpu", 0),
    }


def dry_run(arguments: list[str]) -> dict[str, Any]:
    """Status, output and jobs of a dry run."""
    seen.clear()
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            main(["--dry-run", *arguments])
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    jobs = [job(each, workflow) for workflow in seen for each in workflow.dag.jobs if not code]
    return {"code": code, "said": said.getvalue(), "jobs": jobs}


if __name__ == "__main__":
    Workflow.execute = remember
    json.dump([dry_run(arguments) for arguments in json.load(sys.stdin)], sys.stdout)
