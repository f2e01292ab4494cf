"""Compare every row with its control by a paired bootstrap over images and seeds: CSV."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.errors import GxnError
from gxn.evaluation.ranked import by_search, read_ranks
from gxn.evaluation.statistics import METRICS, compare, holm
from gxn.files import write_text
from gxn.reporting import names
from gxn.reporting.rows import RowArguments
from gxn.reporting.tables import Row, to_csv

COLUMNS = ("dataset", "method", "control", "metric", "seeds", "images", "captions")
COLUMNS += ("difference", "low", "high", "p", "p_holm")


@dataclass(frozen=True, kw_only=True)
class Arguments(RowArguments):
    """Arguments of the step."""

    ranks: tuple[Path, ...] = cli.option("HDF5 files of the step evaluate")
    csv: Path = cli.option("CSV to write")


def table_significance(arguments: Arguments) -> None:
    """Write one line per dataset, row and metric; Holm's rule runs over the rows of each metric."""
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
        adjusted = [_holm([found[method][place].p for method in rows]) for place in range(len(METRICS))]
        fixed = {"dataset": label, "control": control, "seeds": len(against)}
        fixed |= {"images": len(against[0].imgid), "captions": len(against[0].sentid)}
        for index, method in enumerate(rows):
            for place, one in enumerate(found[method]):
                numbers = {"difference": one.value, "low": one.low, "high": one.high, "p": one.p}
                numbers["p_holm"] = adjusted[place][index]
                lines.append(fixed | {"method": method, "metric": one.metric} | numbers)
    write_text(arguments.csv, to_csv(lines, COLUMNS))


def _holm(p: list[float | None]) -> list[float | None]:
    """Adjust p values by Holm's rule; a control with one seed has none."""
    return p if None in p else holm(p)


main = cli.command(table_significance, Arguments)

if __name__ == "__main__":
    main()
