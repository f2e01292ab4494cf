"""Groups of equal images: of equal bytes, or of any equal key, and groups that share a member joined into one."""

import collections
import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from gxn.errors import GxnError
from gxn.regular import read_bytes

EDGE = 1 << 12  # bytes at both ends of a file that are compared before all of it is


def equal_keys(keys: Sequence[Any]) -> list[list[int]]:
    """Rows that share a key, of those that any other row shares; a false key is no key."""
    rows = collections.defaultdict(list)
    for row, key in enumerate(keys):
        if key:
            rows[key].append(row)
    return [group for group in rows.values() if len(group) > 1]


def equal_files(paths: Sequence[Path]) -> list[list[int]]:
    """Groups of rows whose files have equal bytes; only what is alike in size and at both ends is read whole.

    Raises:
        GxnError: a file is not a regular file or cannot be read.
    """
    sizes = [_status_size(path) for path in paths]
    found = []
    for alike in equal_keys(sizes):
        for rows in _equal_by(alike, lambda row: _edges(paths[row], sizes[row])):
            found += _equal_by(rows, lambda row: hashlib.sha256(read_bytes(paths[row])).digest())
    return sorted(found)


def _equal_by(rows: list[int], key: Callable[[int], Any]) -> list[list[int]]:
    return [[rows[at] for at in group] for group in equal_keys([key(row) for row in rows])]


def _status_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise GxnError(f"{path}: cannot be read: {error.strerror or error}") from error


def _edges(path: Path, size: int) -> bytes:
    """The first and the last 4 KiB of a file."""
    read_bytes(path, 0)  # refuses what is not a regular file
    try:
        with open(path, "rb") as file:
            first = file.read(EDGE)
            file.seek(max(0, size - EDGE))
            return first + file.read(EDGE)
    except OSError as error:
        raise GxnError(f"{path}: cannot be read: {error.strerror or error}") from error


def joined(count: int, groups: Iterable[Sequence[int]]) -> list[list[int]]:
    """All rows from 0 to `count`, in groups that join whatever the given groups share, by union-find."""
    parent = list(range(count))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for group in groups:
        for row in group[1:]:
            parent[root(row)] = root(group[0])
    joined = collections.defaultdict(list)
    for row in range(count):
        joined[root(row)].append(row)
    return list(joined.values())
