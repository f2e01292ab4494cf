"""The questions of the study and their answers."""

import math

import pytest
import yaml
from made_study import make_study
from small import ROOT

from gxn.errors import GxnError
from gxn.evaluation.statistics import compare
from gxn.reporting import answers
from gxn.reporting.study import Study

ASKED = {
    "resamples": 200,
    "smallest": 3.0,
    "level": 0.05,
    "shown": {"mine": "main"},
    "families": {
        "main": {
            "title": "On scenes",
            "studies": ["mine", "absent"],
            "comparisons": [
                {"key": "a", "row": "gxn_t2i", "control": "two_space", "ask": "A?"},
                {"key": "b", "row": "gxn_i2t_t2i", "control": "vse0", "ask": "B?"},
                {"key": "c", "row": "absent", "control": "vse0", "ask": "C?"},
            ],
        },
        "spaces": {
            "title": "Alone",
            "studies": ["mine"],
            "comparisons": [
                {"key": "d", "row": "gxn_t2i", "control": "two_space", "space": "grounded", "ask": "D?"}
            ],
        },
    },
}


@pytest.fixture(scope="module")
def study(results, tmp_path_factory):
    return Study(make_study(results, tmp_path_factory.mktemp("study") / "mine").parent)


@pytest.fixture(scope="module")
def table(study):
    return answers.answers({"mine": study}, ASKED).set_index("key")


@pytest.fixture(scope="module")
def ran(table):
    return table[table["seeds"] > 0]


def test_comparisons_without_a_row_in_the_record_were_not_run(table):
    assert list(table.index) == ["a", "b", "c", "a", "b", "c", "d"]
    assert list(table["seeds"]) == [3, 3, 0, 0, 0, 0, 3]
    absent = table[table["seeds"] == 0]
    assert set(absent["verdict"]) == {"not run"} and absent["difference"].isna().all()


def test_a_difference_is_that_of_the_bootstrap(ran, study):
    one = compare(study.ranked["gxn_t2i"], study.ranked["two_space"], 200, 0)[-1]
    line = ran.loc["a"]
    assert (line.difference, line.low, line.high, line.p) == (one.value, one.low, one.high, one.p)


def test_p_values_are_adjusted_within_their_family(ran):
    small, large = sorted(ran.loc[["a", "b"], "p"])
    assert sorted(ran.loc[["a", "b"], "p_holm"]) == pytest.approx(
        sorted([min(1, 2 * small), max(min(1, 2 * small), large)])
    )


def test_a_space_alone_has_students_interval_over_seeds(table, study):
    of = {
        row: [run.alone["grounded"]["rsum"] for run in study.runs if run.method == row]
        for row in ("gxn_t2i", "two_space")
    }
    each = [one - two for one, two in zip(of["gxn_t2i"], of["two_space"], strict=True)]
    mean = sum(each) / 3
    deviation = math.sqrt(sum((one - mean) ** 2 for one in each) / 2)
    line = table.loc["d"]
    assert line.difference == pytest.approx(mean)
    assert line.high - line.low == pytest.approx(2 * 4.30265 * deviation / math.sqrt(3))
    t = abs(mean) * math.sqrt(3) / deviation
    assert line.p == line.p_holm == pytest.approx(1 - t / math.sqrt(2 + t**2))


def test_rows_differ_from_the_control_as_the_bootstrap_says(study):
    table = answers.against_control(study, 200).set_index("row")
    one = compare(study.ranked["vse0"], study.ranked["two_space"], 200, 0)[-1]
    assert "two_space" not in table.index
    assert table.loc["vse0", ["difference", "low", "high"]].tolist() == [one.value, one.low, one.high]
    assert table.loc["vse0", "rsum"] - table.loc["vse0", "control_rsum"] == pytest.approx(one.value)


def test_one_seed_gives_a_difference_and_no_test(results, tmp_path):
    about = make_study(results, tmp_path / "mine", seeds=[0])
    for path in tmp_path.rglob("seed[12].*"):
        path.unlink()
    table = answers.answers({"mine": Study(about.parent)}, ASKED).set_index("key")
    line = table.loc["d"]
    assert math.isnan(line.p) and math.isnan(line.low) and not math.isnan(line.difference)
    assert set(table[table["seeds"] == 1]["verdict"]) == {"one seed, not tested"}


@pytest.mark.parametrize(
    ("low", "difference", "high", "p", "said"),
    [
        (1.0, 5.0, 9.0, 0.01, answers.HIGHER),
        (-9.0, -5.0, -1.0, 0.01, answers.LOWER),
        (-2.0, 0.5, 2.9, 0.6, answers.SMALL),
        (-2.0, 1.5, 5.0, 0.2, answers.OPEN),
        (0.5, 1.5, 2.5, 0.2, answers.SMALL),
    ],
)
def test_a_verdict_says_no_more_than_the_numbers(low, difference, high, p, said):
    line = {"seeds": 3, "low": low, "difference": difference, "high": high, "p_holm": p}
    assert answers.verdict(line, 0.05, 3.0) == said


@pytest.mark.parametrize(("seeds", "said"), [(0, answers.ABSENT), (1, answers.UNTESTED)])
def test_without_two_seeds_nothing_is_said(seeds, said):
    line = {"seeds": seeds, "low": 1.0, "difference": 5.0, "high": 9.0, "p_holm": math.nan}
    assert answers.verdict(line, 0.05, 3.0) == said


def test_the_committed_questions_can_be_read_and_no_key_stands_twice_in_a_family():
    asked = answers.read_questions(ROOT / "paper/questions.yaml")
    for family in asked["families"].values():
        keys = [each["key"] for each in family["comparisons"]]
        assert len(keys) == len(set(keys))


def test_questions_without_a_control_are_refused(tmp_path):
    path = tmp_path / "questions.yaml"
    families = {"main": {"comparisons": [{"key": "a", "row": "b", "ask": "?"}]}}
    path.write_text(yaml.safe_dump(ASKED | {"families": families}))
    with pytest.raises(GxnError, match="is not a file of questions: KeyError"):
        answers.read_questions(path)


def test_a_record_without_any_of_the_rows_is_refused(study):
    with pytest.raises(GxnError, match="no comparison"):
        answers.answers({"other": study}, ASKED)
