"""How loops are compiled and spread over threads: numba without its parallel runtime.

Kernels release the interpreter's lock and every thread takes whole pieces of the result, so that a result
never depends on the number of threads, and no threading library has to be agreed on with torch.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import numba
from numba.core.codegen import get_host_cpu_features

# what numba compiles for, the host's or what NUMBA_CPU_NAME and NUMBA_CPU_FEATURES say: "+avx2" and the like
_ASKED = numba.config.CPU_FEATURES
INSTRUCTIONS = frozenset((get_host_cpu_features() if _ASKED is None else _ASKED).split(","))

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def compiled(function: Callable, fused: bool = False) -> Callable:
    """Compile at the first call; kept in `__pycache__`, or the user's cache, where one can be written.

    No fast-math: sums are taken in the order in which they are written; `fused`, a product that is added is
    not rounded before. What kernels call must stand in their own file, because the cache knows only that file's
    date.
    """
    options = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"} if fused else False}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to keep it: a read-only installation without a home
        return numba.njit(**options)(function)


def processors() -> int:
    """Processors that this process may use: OMP_NUM_THREADS, by which schedulers say it, or else all."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdecimal() and int(said):
        return int(said)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=4)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)  # one pool per process: a forked child has none of its threads


def spread(work: Callable[[Piece], Result], pieces: Iterable[Piece], threads: int) -> list[Result]:
    """Results of `work` on each of the pieces, in their order, with `threads` at work at a time."""
    pieces = list(pieces)
    if threads == 1 or len(pieces) == 1:
        return [work(piece) for piece in pieces]
    return list(_pool(threads, os.getpid()).map(work, pieces))


def slices(length: int, step: int) -> list[tuple[int, int]]:
    """(begin, end) of consecutive pieces of `step`, the last one perhaps shorter."""
    return [(begin, min(begin + step, length)) for begin in range(0, length, step)]
