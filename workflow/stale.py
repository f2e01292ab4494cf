"""Tables and figures that were not made of the results beside them, so that nobody reads two runs as one."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from gxn.files import sha256
from workflow import paths

# what Snakemake keeps of a file: its `input`, a list, and `input_checksums`; None where it did not make the file
Record = Callable[[str], Mapping[str, Any] | None]


def shown(rules: Iterable[Any], dataset: str) -> dict[str, set[str]]:
    """Result files that each table, figure or page is made of, by its path.

    Args:
        rules: Snakemake's rules, with the patterns of their outputs and inputs.
        dataset: the name that stands in the patterns.
    """
    results, found = paths.RESULTS.format(dataset=dataset), {}
    for rule in rules:
        inputs = {str(each).replace("{dataset}", dataset) for each in rule.input}
        own = {each for each in inputs if each.startswith(results)}
        found |= {str(path).replace("{dataset}", dataset): own for path in rule.output}
    return found


def of_other_results(files: Mapping[str, set[str]], record: Record, since: float) -> list[str]:
    """Name the files that are there, as are all their results, but which were made of others.

    Where Snakemake recorded what a file was made of, the digests of that decide; else, as for files that came by
    DVC, whether a result is newer than the file and than `since`, seconds since 1970: a checkout resets all times.
    """
    return [
        path
        for path, results in files.items()
        if Path(path).exists() and all(Path(each).exists() for each in results)
        if _of_others(path, results, record(path), since)
    ]


def _of_others(path: str, results: set[str], known: Mapping[str, Any] | None, since: float) -> bool:
    made = Path(path).stat().st_mtime
    newer = [each for each in results if Path(each).stat().st_mtime > made]
    if not known:
        return any(Path(each).stat().st_mtime > since for each in newer)
    folders = {Path(each).parts[:2] for each in results}
    recorded = {each for each in known["input"] if Path(each).parts[:2] in folders}
    digests = known["input_checksums"]
    return recorded != results or any(f"sha256:{sha256(each)}" != digests.get(each) for each in newer)


def warning(stale: list[str]) -> str:
    """Say which files are of other results, and how to renew them; empty where there are none."""
    if not stale:
        return ""
    named = ", ".join(stale[:3]) + (f" and {len(stale) - 3} more" if len(stale) > 3 else "")
    return f"warning: made of other results than those beside them: {named}; `tables figures` renews them"
