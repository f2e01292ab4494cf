"""Readers against damaged files; `fuzz.py` says what is done and what counts as wrong."""

from fuzz import fuzz

READERS = 36


def test_damaged_files_end_in_an_error_or_a_right_answer():
    verdict = fuzz(cases=1200, seed=0)
    assert not verdict.wrong, "\n".join(verdict.wrong)
    assert verdict.cases == verdict.errors + verdict.answers == 1200
    assert len({reader for reader, _ in verdict.by_reader}) == READERS
    assert verdict.errors > 600  # most of the damage does matter, and is seen
