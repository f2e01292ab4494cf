"""Gather what all runs imagined into one table, with people and chance beside them."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.reporting.imagined import columns, filled, imagination
from gxn.reporting.rows import RowArguments
from gxn.reporting.tables import to_csv


@dataclass(frozen=True, kw_only=True)
class Arguments(RowArguments):
    """Arguments of the step."""

    csv: Path = cli.option("CSV to write")
    imagined: tuple[Path, ...] = cli.option("JSON files of the step imagine", ())
    lines: Path | None = cli.option("JSON file of the step imagined_lines", None)


def table_imagined(arguments: Arguments) -> None:
    """Write the table."""
    rows = imagination(arguments.imagined, arguments.lines, arguments.rows)
    text = to_csv(filled(rows), columns(rows))
    write_text(arguments.csv, text)
    print(text)


main = cli.command(table_imagined, Arguments)

if __name__ == "__main__":
    main()
