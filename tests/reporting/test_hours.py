"""CPU seconds of a study's rows, from its record."""

import json

import pytest
from made_study import make_study

from gxn.reporting.hours import COMMON, hours, total
from gxn.reporting.study import Study

SECONDS = {
    "prepare": 10.0, "preflight/x": 1.0, "pretrain_ranking/two_space": 30.0, "pretrain_xe/two_space": 6.0,
    "pretrain_gan/two_space": 60.0, "joint/two_space": 3.0, "joint/gxn_t2i": 9.0, "evaluate/gxn_t2i": 3.0,
    "imagine/gxn_t2i": 6.0, "joint/other": 1000.0,
}  # fmt: skip


@pytest.fixture
def study(results, tmp_path):
    about = make_study(results, tmp_path / "mine", seconds=SECONDS)
    content = json.loads(about.read_text())
    content["rows"]["gxn_t2i"]["settings"]["drawing"] = True
    about.write_text(json.dumps(content))
    return Study(about.parent)


def test_a_row_has_its_own_jobs_its_pretraining_and_its_judging(study):
    line = next(line for line in hours(study) if line["row"] == "gxn_t2i")
    assert (line["own"], line["shared"], line["judging"]) == (9.0, 90.0, 9.0)
    assert line["each_seed"] == pytest.approx(108 / 3)


def test_jobs_of_no_row_stand_in_the_last_line(study):
    assert hours(study)[-1]["row"] == COMMON and hours(study)[-1]["own"] == 11.0


def test_shared_jobs_count_once_in_the_total_and_those_of_other_rows_not_at_all(study):
    used = {job for job in SECONDS if job not in ("joint/other", "pretrain_xe/two_space")}
    assert total(study) == pytest.approx(sum(SECONDS[job] for job in used) / 3600)
