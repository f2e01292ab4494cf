"""Gather the metrics of all runs: the ablation as CSV, LaTeX and Markdown, and what each space finds alone."""

from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.reporting.runs import read_runs
from gxn.reporting.tables import SPACES, ablation, spaces, to_csv, to_latex, to_markdown


def step(
    metrics: list[Path], methods: list[str], csv: Path, latex: Path, markdown: Path, alone: Path
) -> None:
    """Write the three forms of the table, and the table of the spaces as CSV."""
    runs = read_runs(metrics, methods)
    table = ablation(runs)
    write_text(alone, to_csv(spaces(runs), SPACES))
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
    parser.add_argument("--alone", type=Path, required=True, help="CSV of each space alone")
    cli.run(step, parser)


if __name__ == "__main__":
    main()
