"""Tables of docs/study.md, from those of the paper."""

import json

import pytest
from workflow.study_pages import answers, blocks, power, studies

from gxn.errors import GxnError

RAN = {
    "study": "scenes", "ask": "Does drawing help?", "label": "GXN t2i", "against": "Two spaces", "seeds": "3",
    "difference": "-1.13", "low": "-3.42", "high": "1.16", "p_holm": "1.0", "verdict": "not enough power",
}  # fmt: skip


def test_an_answer_has_its_interval_and_p_and_what_was_not_run_is_said():
    absent = dict.fromkeys(RAN, "") | {"study": "flickr8k", "ask": "Do both help?", "seeds": "0"}
    text = answers([RAN, absent])
    assert "| GXN t2i − Two spaces | 3 | -1.1 | -3.4 to 1.2 | 1.000 | not enough power |" in text
    assert text.endswith("\n\nNot run: `flickr8k`: Do both help.")


def test_of_one_seed_there_is_no_p():
    line = answers([RAN | {"low": "", "high": "", "p_holm": ""}]).splitlines()[-1]
    assert "| -1.1 |  |  | not enough power |" in line


def test_power_has_a_line_per_effect():
    row = {"study": "scenes", "seeds": "3", "effect": "5", "power": "0.999", "power_holm": "0.98"}
    assert power([row]).splitlines()[-1] == "| scenes | 3 | 5 | 1.00 | 0.98 |"


def test_studies_say_what_was_not_run():
    fact = {"rows": {"a": "A"}, "seeds": 2, "absent": {"rows": ["b", "c"], "seeds": []}, "hours": 0.5}
    assert studies({"mine": fact}).splitlines()[-1] == "| `mine` | 1 | 2 | 2 rows | 0.50 |"


def test_a_table_that_is_missing_is_named(tmp_path):
    (tmp_path / "facts.json").write_text(json.dumps({}))
    with pytest.raises(GxnError, match=r"table_answers\.csv: there is no such file; run `snakemake paper`"):
        blocks(tmp_path)
