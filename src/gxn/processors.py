"""Number of processors that a process may use."""

import os


def available_cpus() -> int:
    """Number of CPUs in this process's affinity mask, or all CPUs where affinity is unsupported.

    For work that mostly reads and writes.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def compute_threads() -> int:
    """Threads for computing: OMP_NUM_THREADS, by which schedulers give the number, or else all available CPUs."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) else available_cpus()
