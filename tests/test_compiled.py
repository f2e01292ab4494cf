"""Work spread over threads, and what is kept of compiled loops."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from gxn import compiled
from gxn.imports import sources


@pytest.fixture(params=["torch's threads", "a pool"])
def threads(request, monkeypatch):
    if request.param == "a pool":
        monkeypatch.setattr(compiled, "_parallel", lambda library: None)
    elif compiled._parallel(torch._C.__file__) is None:
        pytest.skip("the OpenMP of this torch cannot be asked for threads")


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("pieces", [0, 1, 2, 30])
def test_results_stand_in_the_order_of_the_pieces(threads, pieces, count):
    assert compiled.spread(lambda piece: 3 * piece, range(pieces), count) == [
        3 * each for each in range(pieces)
    ]


def test_two_are_at_work_at_a_time(threads):
    both = threading.Barrier(2, timeout=20)
    compiled.spread(lambda piece: both.wait(), range(2), 2)  # one alone would wait in vain


def test_an_error_is_raised_and_ends_the_work(threads):
    done = []

    def divide(piece: int) -> None:
        done.append(piece)
        time.sleep(0.01)
        1 // piece

    for _ in range(3):
        done.clear()
        with pytest.raises(ZeroDivisionError):
            compiled.spread(divide, range(200), 2)
        assert len(done) < 200
    assert compiled.spread(abs, [-1, -2, -3], 2) == [1, 2, 3]


def test_an_interrupt_is_not_lost():
    """SIGINT reaches the main thread at any moment, within a callback of ctypes too, which drops errors."""
    code = """
import _thread, signal, threading, time
import torch
from gxn.compiled import spread

signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it may be ignored
for wait in range(40):
    try:
        threading.Timer(0.001 * wait, _thread.interrupt_main).start()
        while True:
            found = spread(lambda piece: time.sleep(0.001), range(1000), 2)
            assert found == [None] * 1000
    except KeyboardInterrupt:
        pass
print("all")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert run.stdout == "all\n", run.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_threads_of_its_own():
    code = """
import os, signal, sys
import torch
from gxn.compiled import spread

spread(abs, range(4), 2)
child = os.fork()
if not child:
    signal.alarm(60)
    os._exit(spread(abs, [-1, -2], 2) != [1, 2])
sys.exit(os.waitpid(child, 0)[1])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("way", ["a function", "a constant", "a module"])
def test_a_loop_is_compiled_again_once_what_it_uses_was_changed(tmp_path, way):
    """Numba alone would keep it: it looks at the date of the caller's file."""
    package = tmp_path / "gxn"
    package.mkdir()
    for needed in sources(Path(compiled.__file__)):
        shutil.copy(needed, package)
    head, loop = "from gxn.compiled import compiled\n", "\n\n@compiled\ndef {}():\n    return {}\n"
    imported, used = {
        "a function": ("from gxn.inner import inner\n", "inner()"),
        "a constant": ("from gxn.inner import VALUE\n", "VALUE"),
        "a module": ("from gxn import inner\n", "inner.VALUE"),
    }[way]
    (package / "outer.py").write_text(head + imported + loop.format("outer", used))
    found = []
    for value in (1, 1, 2):
        body = f"{head}\nVALUE = {value}\n" + loop.format("inner", value)
        inner = package / "inner.py"
        if not inner.exists() or inner.read_text() != body:
            inner.write_text(body)
        code = "from gxn.outer import outer; print(outer(), sum(outer.stats.cache_hits.values()))"
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"},  # kept by whole seconds
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(run.stdout.split())
    assert found == [["1", "0"], ["1", "1"], ["2", "0"]]
    assert len(list(package.rglob("*.nbc"))) == (2 if way == "a function" else 1)
