"""Set the ablation table beside the published numbers known for its datasets: CSV and Markdown."""

from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.reporting.published import COLUMNS, comparison, read_published, to_markdown
from gxn.reporting.tables import read_table, to_csv


def step(table: Path, published: Path, csv: Path, markdown: Path) -> None:
    """Write both forms of the comparison."""
    known = read_published(published)
    rows = comparison(read_table(table), known)
    write_text(markdown, to_markdown(rows, known.source))
    write_text(csv, to_csv(rows, COLUMNS))


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="CSV of the step table")
    parser.add_argument("--published", type=Path, required=True, help="JSON of published numbers")
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--markdown", type=Path, required=True)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
