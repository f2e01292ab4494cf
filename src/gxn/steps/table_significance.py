"""Compare every row with its control by a paired bootstrap over images and seeds: CSV."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.errors import GxnError
from gxn.evaluation.ranked import by_search, read_ranks
from gxn.evaluation.statistics import METRICS, Difference, compare, holm
from gxn.files import write_text
from gxn.reporting import names
from gxn.reporting.rows import RowArguments
from gxn.reporting.tables import Row, to_csv

COLUMNS = ("dataset", "method", "control", "metric", "difference", "low", "high", "p", "p_holm")
COLUMNS += ("seeds", "images", "captions")
# what is looked at together: the rows' rsum, by which rows are judged, and all recalls of all rows
FAMILIES = (("rsum",), tuple(metric for metric in METRICS if metric != "rsum"))

# stands for a p value: how much runs differ is then unknown
UNTESTED = "one seed"


@dataclass(frozen=True, kw_only=True)
class Arguments(RowArguments):
    """Arguments of the step."""

    ranks: tuple[Path, ...] = cli.option("HDF5 files of the step evaluate")
    csv: Path = cli.option("CSV to write")


def table_significance(arguments: Arguments) -> None:
    """Write one line per dataset, row and metric; Holm's rule runs over each of FAMILIES, of all rows."""
    settings = arguments.configuration.significance
    control = settings.control
    lines: list[Row] = []
    for (dataset, protocol), rows in by_search(read_ranks(arguments.ranks, arguments.rows)).items():
        label = names.dataset(dataset, protocol)
        if control not in rows:
            raise GxnError(f"{label}: the control {control!r} has no ranks file")
        against = rows.pop(control)
        found = {
            method: compare(runs, against, settings.resamples, settings.seed) for method, runs in rows.items()
        }
        adjusted = _adjusted(found)
        fixed = {"dataset": label, "control": control, "seeds": len(against)}
        fixed |= {"images": len(against[0].imgid), "captions": len(against[0].sentid)}
        for method in rows:
            for one in found[method]:
                numbers = {"difference": one.value, "low": one.low, "high": one.high}
                tested = {"p": one.p, "p_holm": adjusted[method, one.metric]}
                if one.p is None:
                    tested = dict.fromkeys(tested, UNTESTED)
                lines.append(fixed | {"method": method, "metric": one.metric} | numbers | tested)
    write_text(arguments.csv, to_csv(lines, COLUMNS))


def _adjusted(found: dict[str, list[Difference]]) -> dict[tuple[str, str], float | None]:
    """Holm's p value of each row and metric within its family; a control with one seed has none."""
    every = {(method, one.metric): one.p for method, differences in found.items() for one in differences}
    adjusted: dict[tuple[str, str], float | None] = dict.fromkeys(every)
    for family in FAMILIES:
        known = {place: p for place, p in every.items() if place[1] in family and p is not None}
        adjusted |= zip(known, holm(list(known.values())), strict=True)
    return adjusted


main = cli.command(table_significance, Arguments)

if __name__ == "__main__":
    main()
