"""Compare every row with its control by a paired bootstrap over images and seeds: CSV."""

from pathlib import Path

from gxn import cli
from gxn.errors import GxnError
from gxn.evaluation.ranked import by_search, read_ranks
from gxn.evaluation.statistics import METRICS, compare, holm
from gxn.files import write_text
from gxn.reporting import names
from gxn.reporting.tables import Row, to_csv

COLUMNS = ("dataset", "method", "control", "metric", "seeds", "images", "captions")
COLUMNS += ("difference", "low", "high", "p", "p_holm")


def step(ranks: list[Path], methods: list[str], control: str, resamples: int, seed: int, csv: Path) -> None:
    """Write one line per dataset, row and metric; Holm's rule runs over the rows of each metric."""
    if control not in methods:
        raise GxnError(f"control {control!r} is none of the rows {', '.join(methods)}")
    if resamples < 100:
        raise GxnError(f"resamples is {resamples}: give at least 100")
    lines: list[Row] = []
    for (dataset, protocol), rows in by_search(read_ranks(ranks, methods)).items():
        label = names.dataset(dataset, protocol)
        if control not in rows:
            raise GxnError(f"{label}: the control {control!r} has no ranks file")
        against = rows.pop(control)
        found = {method: compare(runs, against, resamples, seed) for method, runs in rows.items()}
        adjusted = [holm([found[method][place].p for method in rows]) for place in range(len(METRICS))]
        fixed = {"dataset": label, "control": control, "seeds": len(against)}
        fixed |= {"images": len(against[0].imgid), "captions": len(against[0].sentid)}
        for index, method in enumerate(rows):
            for place, one in enumerate(found[method]):
                numbers = {"difference": one.value, "low": one.low, "high": one.high, "p": one.p}
                numbers["p_holm"] = adjusted[place][index]
                lines.append(fixed | {"method": method, "metric": one.metric} | numbers)
    write_text(csv, to_csv(lines, COLUMNS))


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--ranks", type=Path, nargs="+", required=True, help="HDF5 of the step evaluate")
    parser.add_argument("--methods", type=cli.names_argument, required=True, help="rows, in order")
    parser.add_argument("--control", required=True, help="the row that the others are compared with")
    parser.add_argument("--resamples", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True, help="of the resampling")
    parser.add_argument("--csv", type=Path, required=True)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
