"""Gather the metrics of all runs: the ablation as CSV, LaTeX and Markdown, and what each space finds alone."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.reporting.rows import RowArguments
from gxn.reporting.runs import read_runs
from gxn.reporting.tables import SPACES, ablation, spaces, to_csv, to_latex, to_markdown


@dataclass(frozen=True, kw_only=True)
class Arguments(RowArguments):
    """Arguments of the step."""

    metrics: tuple[Path, ...] = cli.option("JSON files of the step evaluate")
    csv: Path = cli.option("CSV to write")
    latex: Path = cli.option("LaTeX to write")
    markdown: Path = cli.option("Markdown to write")
    spaces: Path = cli.option("CSV of each space alone to write")


def table_ablation(arguments: Arguments) -> None:
    """Write the three forms of the table, and the table of the spaces as CSV."""
    rows = arguments.rows
    runs = read_runs(arguments.metrics, rows)
    table = ablation(runs)
    write_text(arguments.spaces, to_csv(spaces(runs), SPACES))
    write_text(arguments.latex, to_latex(table, rows))
    write_text(arguments.markdown, to_markdown(table, rows))
    write_text(arguments.csv, to_csv(table))
    print(to_markdown(table, rows))


main = cli.command(table_ablation, Arguments)

if __name__ == "__main__":
    main()
