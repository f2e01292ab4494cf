"""Join the ablation tables of the datasets that the paper shows: CSV, LaTeX and Markdown."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.reporting.rows import RowArguments
from gxn.reporting.tables import read_table, to_csv, to_latex, to_markdown


@dataclass(frozen=True, kw_only=True)
class Arguments(RowArguments):
    """Arguments of the step."""

    tables: tuple[Path, ...] = cli.option("CSV files of the step table_ablation, one of each dataset")
    csv: Path = cli.option("CSV to write")
    latex: Path = cli.option("LaTeX to write")
    markdown: Path = cli.option("Markdown to write")


def table_datasets(arguments: Arguments) -> None:
    """Write the three forms of the table."""
    table = [row for path in arguments.tables for row in read_table(path)]
    write_text(arguments.latex, to_latex(table, arguments.rows))
    write_text(arguments.markdown, to_markdown(table, arguments.rows))
    write_text(arguments.csv, to_csv(table))


main = cli.command(table_datasets, Arguments)

if __name__ == "__main__":
    main()
