"""How loops are compiled and spread over threads: numba without its parallel runtime.

Kernels release the interpreter's lock and every thread takes whole pieces of the result, so that a result
never depends on the number of threads. They are torch's own threads, where it has GNU OpenMP: those wait for
milliseconds for torch's next work without giving up their processors, which any others would lack.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numba
from numba.core.caching import FunctionCache
from numba.core.codegen import get_host_cpu_features

# what numba compiles for, the host's or what NUMBA_CPU_NAME and NUMBA_CPU_FEATURES say: "+avx2" and the like
_ASKED = numba.config.CPU_FEATURES
INSTRUCTIONS = frozenset((get_host_cpu_features() if _ASKED is None else _ASKED).split(","))

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class _Cache(FunctionCache):
    """Numba's, which knows the date of a function's own file; here also those of the files that one uses."""

    def _index_key(self, sig, codegen):
        return *super()._index_key(sig, codegen), _dates(self._py_func.__module__)


def _dates(module: str) -> tuple[int, ...]:
    """When the modules of this package were written whose functions a module uses, directly or not."""
    used, left = {module}, [module]
    while left:
        for value in vars(sys.modules[left.pop()]).values():
            name = str(getattr(value, "__module__", ""))
            if name.startswith(f"{__package__}.") and name not in used:
                used.add(name)
                left.append(name)
    return tuple(Path(sys.modules[name].__file__).stat().st_mtime_ns for name in sorted(used))


def compiled(function: Callable, fused: bool = False) -> Callable:
    """Compile at the first call; kept in `__pycache__`, or the user's cache, where one can be written.

    No fast-math: sums are taken in the order in which they are written; `fused`, a product that is added is
    not rounded before.
    """
    fast = {"contract"} if fused else False
    dispatcher = numba.njit(nogil=True, error_model="numpy", fastmath=fast)(function)
    try:
        dispatcher._cache = _Cache(function)
    except RuntimeError:  # nowhere to keep it: a read-only installation without a home
        pass
    return dispatcher


def processors() -> int:
    """Processors that this process may use: OMP_NUM_THREADS, by which schedulers say it, or else all."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdecimal() and int(said):
        return int(said)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=4)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)  # one pool per process: a forked child has none of its threads


_CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@lru_cache
def _parallel(library: str) -> Callable | None:
    """`GOMP_parallel` of the OpenMP that a library was linked with, if it is GNU's."""
    found = getattr(ctypes.CDLL(library), "GOMP_parallel", None)
    if found is not None:
        found.argtypes, found.restype = (_CALL, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint), None
    return found


def spread(work: Callable[[Piece], Result], pieces: Iterable[Piece], threads: int) -> list[Result]:
    """Results of `work` on each of the pieces, in their order, with `threads` at work at a time."""
    pieces = list(pieces)
    if threads == 1 or len(pieces) == 1:
        return [work(piece) for piece in pieces]
    torch = sys.modules.get("torch")
    team = _parallel(torch._C.__file__) if torch else None
    if team is None:
        return list(_pool(threads, os.getpid()).map(work, pieces))
    left, results, errors = iter(range(len(pieces))), [None] * len(pieces), []

    def take(_) -> None:
        try:
            for at in left:
                results[at] = work(pieces[at])
        except BaseException as error:
            errors.append(error)

    team(_CALL(take), None, threads, 0)
    if errors:
        raise errors[0]
    return results


def slices(length: int, step: int) -> list[tuple[int, int]]:
    """(begin, end) of consecutive pieces of `step`, the last one perhaps shorter."""
    return [(begin, min(begin + step, length)) for begin in range(0, length, step)]
