"""Fetching a large public file: resumed, retried, from the next mirror if need be, and checked."""

import contextlib
import hashlib
import http.client
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from gxn.datasets.downloads import Source
from gxn.datasets.pace import SLOWEST, Pace, Progress
from gxn.errors import GxnError
from gxn.writing import atomic, need_room, writing

CHUNK = 1 << 20
MOST = 100 * 10**9  # bytes of a file whose size is not known; torchvision's largest weights have 2.5 GB
# what a server may mend by itself; any other refusal sends us to the next mirror
PASSING = (408, 425, 429, 500, 502, 503, 504)


class Broken(Exception):
    """The transfer failed in a way that may pass: try again."""


class Refused(Exception):
    """This mirror does not have the file: go to the next."""


def fetch(
    name: str,
    source: Source,
    parts: Path,
    out: Path,
    tries: int = 5,
    pause: float = 2.0,
    timeout: float = 60.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Bring `source` to `out`, which appears only when it is whole and its sums are right.

    What has come so far stays in `parts` and is gone on with by the next call, from any mirror.

    Args:
        tries: attempts in a row on one mirror that bring nothing new.
        pause: seconds before the second attempt, doubled before each further one.
        timeout: seconds without a byte after which a transfer counts as broken.

    Raises:
        GxnError: no mirror gave the file, and the message names every mirror's failure; there is no room for it,
            or a folder cannot be written.
    """
    part = parts / f"{name}.{(source.sha256 or source.md5 or 'any')[:8]}.part"
    failures = []
    with writing(part):
        parts.mkdir(parents=True, exist_ok=True)
        if part.is_symlink() or part.is_fifo():
            part.unlink()  # what it leads to is not ours to write
        for url in source.urls:
            begun = _size(part) > 0
            try:
                _from_mirror(url, name, source, part, tries, pause, timeout, sleep)
                if begun and _wrong_sum(
                    part, source
                ):  # the beginning, of another mirror's, may have been wrong
                    part.unlink()
                    _from_mirror(url, name, source, part, tries, pause, timeout, sleep)
                if wrong := _wrong_sum(part, source):
                    part.unlink()  # nothing is built on it
                    raise Refused(wrong)
            except (Broken, Refused) as error:
                failures.append(f"{url}: {error}")
                print(f"{name}: {failures[-1]}", flush=True)
                continue
            _put(part, out)
            return
    raise GxnError(f"{name}: no source delivered it: " + "; ".join(failures))


def _from_mirror(
    url: str,
    name: str,
    source: Source,
    part: Path,
    tries: int,
    pause: float,
    timeout: float,
    sleep: Callable[[float], None],
) -> None:
    """Fill `part` from one mirror, trying again while that helps."""
    failed, best = 0, _size(part)
    while True:
        try:
            _transfer(url, name, source, part, timeout)
            return
        except Broken as error:
            # only bytes beyond all earlier attempts count, or a server that cuts always at the same
            # place and knows no ranges would keep us for ever
            failed = 0 if _size(part) > best else failed + 1
            best = max(best, _size(part))
            if failed >= tries:
                raise
            wait = pause * 2 ** max(failed - 1, 0)
            print(f"{name}: {error}; trying again in {wait:.0f} s", flush=True)
            sleep(wait)


def _transfer(url: str, name: str, source: Source, part: Path, timeout: float) -> None:
    """One request: append to `part` what it lacks."""
    have = _size(part)
    if source.bytes is not None and have == source.bytes:
        return
    if source.bytes is not None and have > source.bytes:
        part.unlink()
        have = 0
    headers = {"Accept-Encoding": "identity", "User-Agent": "gxn"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with _network(have):
            response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout)
    except (ValueError, http.client.InvalidURL) as error:  # also of an address that it is sent on to
        raise Refused(f"is not a valid address, or redirects to an invalid one: {error}") from error
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing after what we have: it was whole, or it was another file's
            return _settle(error, part, have)
        failure = Broken if error.code in PASSING else Refused
        raise failure(f"answers {error.code} {error.reason}") from error
    with response:
        start, total = _opening(response, have, source.bytes)
        need_room(part.parent, total - start if total is not None else 0)
        _receive(response, name, part, start, total, timeout)


@contextlib.contextmanager
def _network(have: int) -> Iterator[None]:
    """Turn what fails inside, but an answer of the server, into a transfer broken off after `have` bytes."""
    try:
        yield
    except (urllib.error.HTTPError, http.client.InvalidURL):
        raise
    except (OSError, http.client.HTTPException) as error:
        raise Broken(f"stopped after {have} bytes ({str(error) or type(error).__name__})") from error


def _opening(response: http.client.HTTPResponse, have: int, expected: int | None) -> tuple[int, int | None]:
    """Read from the headers at which byte of the file the body begins, and how long the whole file is.

    Raises:
        Refused: it is a web page, or a file of another size.
    """
    if response.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
        raise Refused("answers with a web page (HTML), not with the file")
    start, total = 0, _number(response.headers.get("Content-Length"))
    if response.status == 206:
        place = re.fullmatch(
            r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", response.headers.get("Content-Range", "")
        )
        if not place or int(place[1]) != have:
            raise Refused(f"sends another range than requested: {response.headers.get('Content-Range')}")
        start, total = have, int(place[2]) if place[2] != "*" else expected
    if expected is not None and total is not None and total != expected:
        raise Refused(f"has a file of {total} bytes, but {expected} bytes are expected")
    if expected is None and total is not None and total > MOST:
        raise Refused(f"reports a length of {total} bytes, more than any file of this kind has")
    return start, total if total is not None else expected


def _number(text: str | None) -> int | None:
    """A length of a header; None where none is stated.

    Raises:
        Refused: it is no length.
    """
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text.strip()):
        raise Refused(f"reports {text.strip()[:40]!r} as the length")
    return int(text)


def _receive(
    response: http.client.HTTPResponse, name: str, part: Path, start: int, total: int | None, timeout: float
) -> None:
    """Write the body into `part` from byte `start` on."""
    progress, pace, have = Progress(name), Pace(timeout), start
    with open(part, "r+b" if start else "wb") as file:
        file.seek(start)
        while chunk := _read(response, have):
            if have == 0 and re.match(rb"\s*<(!doctype html|html)", chunk[:200], re.IGNORECASE):
                raise Refused("answers with a web page (HTML), not with the file")
            if have + len(chunk) > (MOST if total is None else total):
                raise Refused(f"sends more than the {total or MOST} bytes of the file")
            file.write(chunk)
            file.flush()
            have += len(chunk)
            progress.add(len(chunk), have, total)
            if speed := pace.too_slow(len(chunk)):
                raise Refused(f"sends {speed:.0f} bytes a second, less than {SLOWEST}")
    if total is not None and have < total:
        raise Broken(f"stopped after {have} of {total} bytes")


def _read(response: http.client.HTTPResponse, have: int) -> bytes:
    """Read the next bytes of the body, after `have` bytes of the file."""
    with _network(have):
        return response.read1(CHUNK)  # read would lose, at a time-out, what had come


def _settle(error: urllib.error.HTTPError, part: Path, have: int) -> None:
    """A range past the end: what we have is whole if it is as long as the server's file, else useless."""
    place = re.fullmatch(r"bytes \*/(\d{1,18})", error.headers.get("Content-Range", ""))
    if not place or int(place[1]) != have:
        part.unlink(missing_ok=True)
        raise Broken("has a shorter file than the part that was downloaded; starting over") from error


def _wrong_sum(part: Path, source: Source) -> str | None:
    """Describe the first known sum that the file does not have; None: it has all of them."""
    for kind in ("md5", "sha256"):
        expected = getattr(source, kind)
        if expected is None:
            continue
        with open(part, "rb") as file:
            found = hashlib.file_digest(file, kind).hexdigest()
        if not found.startswith(expected):
            return f"its {kind} is {found}, not {expected}"
    return None


def _put(part: Path, out: Path) -> None:
    """Give the whole file its final name, also when that is on another disk."""
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(part, out)
    except OSError:
        need_room(out.parent, part.stat().st_size)
        with atomic(out) as temporary:
            shutil.copyfile(part, temporary)
        part.unlink()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
