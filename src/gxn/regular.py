"""Reads bytes, text and JSON of regular files only: a pipe or a device is refused instead of waited for."""

import contextlib
import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from gxn.errors import GxnError

# COCO's captions take 90 MB, those of five million web images about 1 GB
MAX_BYTES = 4 << 30
ADVICE = {
    **dict.fromkeys((errno.EACCES, errno.EPERM), "make it readable and run again"),
    errno.EIO: "the disk or the network failed, so look at these and keep the file",
}
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def require_regular(path: str | Path, most: int | None = None) -> None:
    """Check that a file can be opened without blocking.

    Args:
        path: the file; a link is followed to the file at its end.
        most: its largest size in bytes; None: any.

    Raises:
        GxnError: it is missing, a folder, a pipe, a socket or a device, behind a loop of links, or too large.
    """
    with _reading(path):
        _check_kind(os.stat(path), path, most)


@contextlib.contextmanager
def opened(path: str | Path, most: int | None = None) -> Iterator[BinaryIO]:
    """Open a regular file for reading; a link is followed to the file at its end.

    Args:
        path: the file.
        most: its largest size in bytes; None: any.

    Raises:
        GxnError: as `require_regular`, or it cannot be read inside the `with`; the message names the cause.
    """
    with _reading(path):
        # before opening, since opening a device can already act on it
        _check_kind(os.stat(path), path, most)
        # O_NONBLOCK: were the file exchanged for a pipe in between, opening would wait for a writer
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _check_kind(os.fstat(file.fileno()), path, most)
            yield file


def read_bytes(path: str | Path, size: int = -1) -> bytes:
    """Read the first `size` bytes of a regular file, or all of them (-1).

    Raises:
        GxnError: as `opened`, or it is larger than 4 GiB.
    """
    with opened(path, MAX_BYTES) as file:
        return file.read(size)


@contextlib.contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    """Turn errors of the system while `path` is read into a GxnError."""
    try:
        yield
    except OSError as error:
        advice = f"; {ADVICE[error.errno]}" if error.errno in ADVICE else ""
        raise GxnError(f"{path}: cannot be read: {error.strerror or error}{advice}") from error
    except ValueError as error:  # a NUL in the name
        raise GxnError(f"{path}: cannot be read: {error}") from error


def _check_kind(status: os.stat_result, path: str | Path, most: int | None) -> None:
    """Refuse what is not a regular file of at most `most` bytes."""
    if stat.S_ISDIR(status.st_mode):
        raise GxnError(f"{path}: is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise GxnError(f"{path}: is a pipe, a socket or a device, not a regular file; give a file")
    if most is not None and status.st_size > most:
        raise GxnError(f"{path}: has {status.st_size / 1e9:.1f} GB, of at most {most / 1e9:.1f} GB")


def decode(data: bytes, path: str | Path) -> str:
    """Decode UTF-8 with or without a byte order mark.

    Raises:
        GxnError: the bytes are not UTF-8; the message names the line.
    """
    if data[:2] in UTF16:
        raise GxnError(f"{path}: is UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise GxnError(
            f"{path}: line {line}: byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from error


def read_text(path: str | Path) -> str:
    """Read a regular file as UTF-8 with or without a byte order mark.

    Raises:
        GxnError: as `read_bytes` and `decode`.
    """
    return decode(read_bytes(path), path)


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the text of each line that is not blank; lines end in LF or CRLF.

    `str.splitlines` would also split at U+2028, U+0085 and form feeds, which captions from the web contain.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.removesuffix("\r")
        if line.strip():
            yield number, line


def parse_json(text: str, where: str) -> Any:
    """Parse JSON; a key that is given twice in one object is refused, since the last would win silently.

    Args:
        text: the JSON.
        where: its file, and line if there is one, for messages.

    Raises:
        GxnError: the text is not JSON, or a key is given twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except _KeyTwice as error:
        raise GxnError(f"{where}: the key {error} is given twice in one object; keep one of them") from error
    except (ValueError, RecursionError) as error:
        raise GxnError(f"{where}: is not JSON: {error}") from error


class _KeyTwice(Exception):
    """A key that one JSON object has twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _KeyTwice(repr(key[:100]))
            seen.add(key)
    return found
