"""Draw effects with intervals: of every row, and those of imagining by grounding rate and amount of data. PDF."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gxn import cli
from gxn.reporting import style
from gxn.reporting.answers import read_questions
from gxn.reporting.effects import along, effects
from gxn.reporting.study import Study

QUANTITIES = {
    "dose": "Grounding rate, times the default",
    "size": "Training images",
}  # by family of questions


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    studies: tuple[Path, ...] = cli.option(
        "about.json of the records whose rows are drawn, the main one first"
    )
    questions: Path = cli.option("YAML of the questions")
    answers: Path = cli.option("CSV of answers")
    differences: Path = cli.option("CSV of each row's difference from the control")
    effects: Path = cli.option("PDF of all rows' differences to write")
    dose: Path = cli.option("PDF of effects by grounding rate to write")
    size: Path = cli.option("PDF of effects by amount of data to write")


def figure_effects(arguments: Arguments) -> None:
    """Draw the figures; one that has nothing to show says so."""
    table = pd.read_csv(arguments.answers)
    rows = {}
    for path in arguments.studies:  # a row that several have stands where the first has it
        rows |= {key: row for key, row in Study(path.parent).rows.items() if key not in rows}
    smallest = read_questions(arguments.questions)["smallest"]
    with style.house_style():
        style.save_pdf(effects(pd.read_csv(arguments.differences), rows, smallest), arguments.effects)
        for family, quantity in QUANTITIES.items():
            own = table[(table["family"] == family) & (table["seeds"] > 0)]
            enough = own["at"].nunique() > 1
            figure = along(own, rows, quantity, smallest) if enough else style.nothing("Not in the record.")
            style.save_pdf(figure, getattr(arguments, family))


main = cli.command(figure_effects, Arguments)

if __name__ == "__main__":
    main()
