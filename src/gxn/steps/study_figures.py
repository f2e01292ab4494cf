"""Draw the figures of a study from its record: recall curves, training curves, what rows imagine. PDF."""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.reporting import style
from gxn.reporting.curves import recall_curves
from gxn.reporting.imagined_bars import imagined_bars, panels
from gxn.reporting.rows import with_encoders
from gxn.reporting.study import Study
from gxn.reporting.training import read_curve, training_curves


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments of the step."""

    study: Path = cli.option("about.json of the record")
    recall: Path = cli.option("PDF of recall curves to write")
    training: Path = cli.option("PDF of training curves to write")
    imagined: Path = cli.option("PDF of what rows imagine to write")


def study_figures(arguments: Arguments) -> None:
    """Draw the figures; one that has nothing to show is an empty page."""
    study = Study(arguments.study.parent)
    rows, imagined = study.rows, study.imagined()
    ranked = [run for row in study.shown for run in study.ranked[row]]
    with style.house_style():
        style.save_pdf(recall_curves(ranked, rows, study.control), arguments.recall)
        curves = [read_curve(path) for path in study.curves()]
        style.save_pdf(training_curves(curves, with_encoders(rows, study.encoders)), arguments.training)
        drawn = imagined_bars(imagined, rows) if panels(imagined) else style.nothing("No row imagines.")
        style.save_pdf(drawn, arguments.imagined)


main = cli.command(study_figures, Arguments)

if __name__ == "__main__":
    main()
