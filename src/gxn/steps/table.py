"""Gather the metrics of all runs into the ablation table: CSV, LaTeX and Markdown."""

from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.reporting.runs import read_runs
from gxn.reporting.tables import ablation, to_csv, to_latex, to_markdown


def step(metrics: list[Path], methods: list[str], csv: Path, latex: Path, markdown: Path) -> None:
    """Write the three forms of the table."""
    table = ablation(read_runs(metrics, methods))
    write_text(latex, to_latex(table))
    write_text(markdown, to_markdown(table))
    write_text(csv, to_csv(table))
    print(to_markdown(table))


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="JSON of the step evaluate")
    parser.add_argument("--methods", type=cli.names_argument, required=True, help="rows, in order")
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--latex", type=Path, required=True)
    parser.add_argument("--markdown", type=Path, required=True)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
