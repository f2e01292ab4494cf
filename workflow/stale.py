"""Tables and figures that are older than the results beside them, so that nobody reads two runs as one."""

from pathlib import Path

from workflow import paths
from workflow.plan import Plan


def older_than_results(plan: Plan, metrics: list[str], since: float) -> list[str]:
    """Tables and figures that are there, but were made before a result that is newer than `since`.

    Args:
        plan: says which tables and figures there are.
        metrics: the results, a JSON of each run.
        since: seconds since 1970; only what was made after it counts, as times mean nothing once git or DVC has
            written a file.
    """
    times = [Path(path).stat().st_mtime for path in metrics if Path(path).exists()]
    newest = max((time for time in times if time > since), default=0.0)
    shown = plan.expand(paths.EXPLORE)
    shown += [path for name in paths.TABLES for path in plan.expand(paths.table(name))]
    shown += [
        path
        for name in paths.FIGURES
        for form in ("pdf", "png")
        for path in plan.expand(paths.figure(name, form))
    ]
    return [path for path in shown if Path(path).exists() and Path(path).stat().st_mtime < newest]


def warning(stale: list[str]) -> str:
    """Say which files are of an earlier run, and how to renew them; empty where there are none."""
    if not stale:
        return ""
    named = ", ".join(stale[:3]) + (f" and {len(stale) - 3} more" if len(stale) > 3 else "")
    return f"warning: older than the results, perhaps of other rows: {named}; `tables figures` renews them"
