"""Put the ablation table beside the published numbers for its datasets: CSV and Markdown."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.reporting.published import COLUMNS, comparison, read_published, to_markdown
from gxn.reporting.rows import RowArguments
from gxn.reporting.tables import read_table, to_csv


@dataclass(frozen=True, kw_only=True)
class Arguments(RowArguments):
    """Arguments of the step."""

    table: Path = cli.option("CSV of the step table_ablation")
    published: Path = cli.option("JSON of published numbers")
    csv: Path = cli.option("CSV to write")
    markdown: Path = cli.option("Markdown to write")


def table_published(arguments: Arguments) -> None:
    """Write both forms of the comparison."""
    config = arguments.configuration
    features = Path(config.features.file).name if config.features.file else config.cnn.name
    rows = comparison(read_table(arguments.table), read_published(arguments.published), features)
    write_text(arguments.markdown, to_markdown(rows, arguments.rows))
    write_text(arguments.csv, to_csv(rows, COLUMNS))


main = cli.command(table_published, Arguments)

if __name__ == "__main__":
    main()
