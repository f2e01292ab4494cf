"""Loops compiled by numba, kept between runs, and work divided among threads.

Loops release the interpreter's lock, and a thread computes whole pieces of the result, so that a result never
depends on the number of threads.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numba
from numba.core.caching import UserProvidedCacheLocator

from gxn import code

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def digest() -> str:
    """Digest of the code of this folder and of what it imports: constants of other files are compiled in, too."""
    return code.digest(*(f"gxn.kernels.{path.stem}" for path in Path(__file__).parent.glob("*.py")))


class CodeCacheLocator(UserProvidedCacheLocator):
    """Lets numba find a loop by its name in a folder that is named after the code.

    Its own locator also compares the date of the file and the line of the loop, which prose changes.
    """

    def get_source_stamp(self) -> str:
        """The same for every date of the file."""
        return ""

    def get_disambiguator(self) -> str:
        """The same for every line of the loop."""
        return ""


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
numba.config.CACHE_LOCATOR_CLASSES = f"{__name__}.{CodeCacheLocator.__name__}"


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
