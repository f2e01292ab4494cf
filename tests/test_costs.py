"""The cost of a job, into its log and back."""

import pytest

from gxn.costs import Cost, cost_line, read_cost


def test_the_last_line_of_a_log_counts(tmp_path):
    (tmp_path / "log").write_text(f"{cost_line(1, 2)}\nepoch 1\n{cost_line(12, 34, 1000.0)}\n")
    found = read_cost(tmp_path / "log")
    assert (found.updates, found.parameters) == (12, 34) and found.cpu_seconds > 1000


@pytest.mark.parametrize("text", ["", "epoch 1\n", "cost: nonsense\n", 'cost: {"updates": 3}\n'])
def test_a_log_that_says_none_has_none(tmp_path, text):
    (tmp_path / "log").write_text(text)
    assert read_cost(tmp_path / "log") is None


def test_a_log_that_is_not_there_has_none(tmp_path):
    assert read_cost(tmp_path / "log") is None


def test_a_cost_has_three_numbers():
    assert Cost(1, 2, 3.0) == Cost(updates=1, parameters=2, cpu_seconds=3.0)
