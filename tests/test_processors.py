"""Number of processors that a process may use."""

import os

import pytest

from gxn.processors import available_cpus, compute_threads


def test_the_affinity_counts(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 2, 5}, raising=False)
    assert available_cpus() == 3


def test_without_an_affinity_all_processors_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert available_cpus() == 7


def test_where_nothing_is_known_there_is_one(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cpus() == 1


def test_a_scheduler_gives_the_number_of_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert compute_threads() == 5


@pytest.mark.parametrize("given", ["", "0", "-1", "many", "2,4"])
def test_what_is_no_number_of_threads_is_passed_over(monkeypatch, given):
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert compute_threads() == available_cpus()
