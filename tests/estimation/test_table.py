"""The table of an estimate."""

import pytest

from gxn.estimation.table import Line, duration, show, size


def test_it_ends_with_a_sum(capsys):
    show([Line("a", 5_000_000, 2_000_000_000, 60.0, 10_000_000), Line("b", 0, 0, 7200.0)])
    last = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("all"))
    assert last.split()[-8:] == ["5.0", "MB", "2.0", "GB", "2.0", "h", "10.0", "MB"]


def test_a_step_is_a_line(capsys):
    show([Line("features", disk=3_000_000, seconds=5.0)])
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("features"))
    assert line.split() == ["features", "-", "3.0", "MB", "5", "s", "?"]


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "?"), (0, "-"), (1_500_000, "1.5 MB"), (99_000_000, "99.0 MB"), (10**8, "0.1 GB")],
)
def test_bytes_are_for_people(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "?"), (0, "-"), (99.4, "99 s"), (100, "2 min"), (7200, "2.0 h"), (48 * 3600, "2.0 days")],
)
def test_times_are_for_people(seconds, text):
    assert duration(seconds) == text
