"""Loops compiled by numba, kept between runs, and work divided among threads.

Loops release the interpreter's lock, and a thread computes whole pieces of the result, so that a result never
depends on the number of threads.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numba

from gxn.datasets import words

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def digest() -> str:
    """Hash of the files that the compiled code depends on: those of this folder, and the word ids that they use.

    Numba compares only the date of the file that a loop stands in, not of the files that it imports.
    """
    files = [*sorted(Path(__file__).parent.glob("*.py")), Path(words.__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def cache_folder() -> Path | None:
    """Folder of compiled loops: in NUMBA_CACHE_DIR, or beside the code or in the user's cache, or None."""
    asked, home = os.environ.get("NUMBA_CACHE_DIR"), os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    own = [Path(__file__).parent / "__pycache__", Path(home).expanduser() / "gxn"]
    for parent in [Path(asked)] if asked else own:
        folder = parent / f"numba-{digest()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):  # a read-only installation; a user without a home
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None


_CACHE = cache_folder()
numba.config.CACHE_DIR = str(_CACHE or "")


def compiled(function: Callable) -> Callable:
    """Compile a loop at its first call, or load it from the cache.

    A sum keeps the order in which it is written; a product that is added may skip its rounding (fused
    multiply-add). Division follows NumPy.
    """
    return numba.njit(
        function, nogil=True, error_model="numpy", fastmath={"contract"}, cache=_CACHE is not None
    )


@lru_cache(maxsize=4)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """A pool for each process, since a forked child has none of its parent's threads."""
    return ThreadPoolExecutor(threads)


def spread(work: Callable[[Piece], Result], pieces: Iterable[Piece], threads: int) -> list[Result]:
    """Results of `work` on each piece, in the order of the pieces, computed by `threads` threads."""
    pieces = list(pieces)
    if threads == 1 or len(pieces) <= 1:
        return [work(piece) for piece in pieces]
    return list(_pool(threads, os.getpid()).map(work, pieces))


def slices(length: int, step: int) -> list[tuple[int, int]]:
    """(begin, end) of consecutive pieces of `step`, the last one perhaps shorter."""
    return [(begin, min(begin + step, length)) for begin in range(0, length, step)]
