"""Write a table of what each row costs, beside its rsum: updates, parameters and CPU seconds.

Costs are read from the logs of the jobs, killed jobs included. A stage that rows share counts in each of them. CPU
seconds do not include work on a GPU.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from gxn import cli
from gxn.costs import Cost, read_cost
from gxn.errors import GxnError
from gxn.files import write_text
from gxn.reporting.rows import RowArguments
from gxn.reporting.runs import Run, read_runs, rows
from gxn.reporting.tables import Row, to_csv

COLUMNS = ("dataset", "method", "seeds", "updates", "parameters", "cpu_seconds", "rsum")


@dataclass(frozen=True, kw_only=True)
class Arguments(RowArguments):
    """Arguments of the step."""

    metrics: tuple[Path, ...] = cli.option("JSON files of the step evaluate")
    logs: str = cli.option("JSON: by row, a list for each run of the logs of the jobs that it comes from")
    csv: Path = cli.option("CSV to write")


def table_costs(arguments: Arguments) -> None:
    """Write the table; cells are empty where a log is missing, as the row was made elsewhere."""
    try:
        logs: dict[str, list[list[str]]] = json.loads(arguments.logs)
    except ValueError as error:
        raise GxnError(f"--logs: is not JSON: {error}") from error
    table = [
        _row(runs, logs.get(runs[0].method, []))
        for runs in rows(read_runs(arguments.metrics, arguments.rows))
    ]
    write_text(arguments.csv, to_csv(table, COLUMNS))
    print(to_csv(table, COLUMNS))


def _row(runs: list[Run], logs: list[list[str]]) -> Row:
    """Cells of a row: the first run's updates and parameters, means over runs of the rest."""
    costs = [[read_cost(Path(path)) for path in paths] for paths in logs]
    known = bool(costs) and all(cost is not None for run in costs for cost in run)
    first: list[Cost | None] = costs[0] if known else []
    return {
        "dataset": runs[0].dataset,
        "method": runs[0].method,
        "seeds": sum(run.seed is not None for run in runs),
        "updates": sum(cost.updates for cost in first) if known else None,
        "parameters": first[-1].parameters if known else None,
        "cpu_seconds": fmean(sum(cost.cpu_seconds for cost in run) for run in costs) if known else None,
        "rsum": fmean(run.numbers["rsum"] for run in runs),
    }


main = cli.command(table_costs, Arguments)

if __name__ == "__main__":
    main()
