"""The step that makes a study's tables from its record."""

import csv

from made_results import METHODS
from made_study import make_study

from gxn.reporting.tables import read_table
from gxn.steps.study_tables import Arguments, study_tables


def test_tables_are_those_of_the_record(results, tmp_path):
    about = make_study(results, tmp_path / "mine")
    outputs = {name: tmp_path / f"{name}.csv" for name in ("ablation", "spaces", "imagined")}
    study_tables(Arguments(study=about, **outputs))
    assert [row["method"] for row in read_table(outputs["ablation"])] == list(METHODS)
    spaces = list(csv.DictReader(outputs["spaces"].open()))
    assert {row["method"] for row in spaces} == set(METHODS[3:])
    imagined = {row["method"]: row for row in csv.DictReader(outputs["imagined"].open())}
    assert float(imagined["gxn_i2t_xe"]["cider_d"]) == 0.91
