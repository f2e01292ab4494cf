"""How loops are compiled and spread over threads: numba without its parallel runtime.

Kernels release the interpreter's lock and every thread takes whole pieces of the result, so that a result
never depends on the number of threads. They are torch's own threads, where its OpenMP can be asked for them: those
wait for milliseconds for torch's next work without giving up their processors, which any others would lack.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from threading import get_ident
from typing import TypeVar

import numba
from numba.core.caching import FunctionCache
from numba.core.codegen import get_host_cpu_features

from gxn.code import files as sources

# what numba compiles for, the host's or what NUMBA_CPU_NAME and NUMBA_CPU_FEATURES say: "+avx2" and the like
_ASKED = numba.config.CPU_FEATURES
INSTRUCTIONS = frozenset((get_host_cpu_features() if _ASKED is None else _ASKED).split(","))

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class _Cache(FunctionCache):
    """Numba's, which goes by the date of a function's file; here by those of what it imports here, too."""

    def __init__(self, function: Callable) -> None:
        super().__init__(function)
        files = sorted(sources(Path(function.__code__.co_filename)))
        self._cache_file._source_stamp = [(each.stat().st_mtime_ns, each.stat().st_size) for each in files]


def compiled(function: Callable, fused: bool = False) -> Callable:
    """Compile at the first call; kept in `__pycache__`, or the user's cache, where one can be written.

    No fast-math: sums are taken in the order in which they are written; `fused`, a product that is added is
    not rounded before.
    """
    fast = {"contract"} if fused else False
    dispatcher = numba.njit(nogil=True, error_model="numpy", fastmath=fast)(function)
    try:
        dispatcher._cache = _Cache(function)
    except (RuntimeError, OSError):  # nowhere to keep it: a read-only installation without a home; no files
        pass
    return dispatcher


@lru_cache(maxsize=4)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)  # one pool per process: a forked child has none of its threads


_CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_PROCESS = os.getpid()  # a forked child has none of OpenMP's threads


@lru_cache
def _parallel(library: str) -> Callable | None:
    """`GOMP_parallel` of the OpenMP that a library was linked with, if there is one."""
    found = getattr(ctypes.CDLL(library), "GOMP_parallel", None)
    if found is not None:
        found.argtypes, found.restype = (_CALL, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint), None
    return found


def spread(work: Callable[[Piece], Result], pieces: Iterable[Piece], threads: int) -> list[Result]:
    """Results of `work` on each of the pieces, in their order, with `threads` at work at a time."""
    pieces = list(pieces)
    if threads == 1 or len(pieces) == 1:
        return [work(piece) for piece in pieces]
    torch = sys.modules.get("torch") if os.getpid() == _PROCESS else None
    team = _parallel(torch._C.__file__) if torch else None
    if team is None:
        return list(_pool(threads, os.getpid()).map(work, pieces))
    left, results, errors, came = iter(range(len(pieces))), [None] * len(pieces), [], set()

    def take(_) -> None:
        try:
            came.add(get_ident())
            for at in left:
                if errors:
                    break
                results[at] = work(pieces[at])
        except BaseException as error:
            errors.append(error)

    team(_CALL(take), None, threads, 0)
    if errors:
        raise errors[0]
    if get_ident() not in came:  # an interrupt came before it could be caught
        raise KeyboardInterrupt
    return results


def slices(length: int, step: int) -> list[tuple[int, int]]:
    """(begin, end) of consecutive pieces of `step`, the last one perhaps shorter."""
    return [(begin, min(begin + step, length)) for begin in range(0, length, step)]
