"""How many processors a process may use."""

import os


def at_hand() -> int:
    """Those of its affinity, where the system has such a thing, or else all: for what only reads."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def for_computing() -> int:
    """OMP_NUM_THREADS, by which schedulers say it, or else those at hand."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdecimal() and int(said) else at_hand()
