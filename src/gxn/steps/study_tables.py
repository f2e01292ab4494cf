"""Make the tables of a study from its record: the ablation, each space alone, what rows imagine. CSV."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.reporting import tables
from gxn.reporting.imagined import columns, filled
from gxn.reporting.study import Study


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    study: Path = cli.option("about.json of the record")
    ablation: Path = cli.option("CSV of the ablation to write")
    spaces: Path = cli.option("CSV of each space alone to write")
    imagined: Path = cli.option("CSV of what rows imagine to write")


def study_tables(arguments: Arguments) -> None:
    """Write the tables."""
    study = Study(arguments.study.parent)
    imagined = filled(study.imagined())
    write_text(arguments.ablation, tables.to_csv(tables.ablation(study.runs)))
    write_text(arguments.spaces, tables.to_csv(tables.spaces(study.runs), tables.SPACES))
    write_text(arguments.imagined, tables.to_csv(imagined, columns(imagined)))


main = cli.command(study_tables, Arguments)

if __name__ == "__main__":
    main()
