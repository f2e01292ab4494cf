"""Draw the answers: effects with intervals, and those of imagining by grounding rate and amount of data. PDF."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gxn import cli
from gxn.reporting import style
from gxn.reporting.answers import read_questions
from gxn.reporting.effects import along, effects
from gxn.reporting.study import Study


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    study: Path = cli.option("about.json of the record whose rows have the colours")
    questions: Path = cli.option("YAML of the questions")
    answers: Path = cli.option("CSV of answers")
    effects: Path = cli.option("PDF of all effects to write")
    dose: Path = cli.option("PDF of effects by grounding rate to write")
    size: Path = cli.option("PDF of effects by amount of data to write")


def figure_effects(arguments: Arguments) -> None:
    """Draw the figures."""
    table, rows = pd.read_csv(arguments.answers), Study(arguments.study.parent).rows
    smallest = read_questions(arguments.questions)["smallest"]
    quantities = {"dose": "Grounding rate, times the default", "size": "Training images"}
    with style.house_style():
        shown = table[table["family"].isin(["main", "lesions"])]
        style.save_pdf(effects(shown, rows, smallest), arguments.effects)
        for family, quantity in quantities.items():
            own = table[table["family"] == family]
            enough = own["at"].nunique() > 1
            figure = along(own, rows, quantity, smallest) if enough else style.nothing("Not in the record.")
            style.save_pdf(figure, getattr(arguments, family))


main = cli.command(figure_effects, Arguments)

if __name__ == "__main__":
    main()
