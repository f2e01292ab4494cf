"""Work spread over threads, and what is kept of compiled loops."""

import os
import shutil
import subprocess
import sys
import threading

import pytest
import torch

from gxn import compiled


@pytest.fixture(params=["torch's threads", "a pool"])
def threads(request, monkeypatch):
    if request.param == "a pool":
        monkeypatch.setattr(compiled, "_parallel", lambda library: None)
    elif compiled._parallel(torch._C.__file__) is None:
        pytest.skip("this torch has no GNU OpenMP")


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("pieces", [0, 1, 2, 30])
def test_results_stand_in_the_order_of_the_pieces(threads, pieces, count):
    assert compiled.spread(lambda piece: 3 * piece, range(pieces), count) == [
        3 * each for each in range(pieces)
    ]


def test_two_are_at_work_at_a_time(threads):
    both = threading.Barrier(2, timeout=20)
    compiled.spread(lambda piece: both.wait(), range(2), 2)  # one alone would wait in vain


def test_an_error_is_raised_and_the_threads_go_on(threads):
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            compiled.spread(lambda piece: 1 // piece, range(4), 2)
    assert compiled.spread(abs, [-1, -2, -3], 2) == [1, 2, 3]


def test_a_loop_is_compiled_again_once_what_it_calls_was_changed(tmp_path):
    """Numba alone would keep it: it looks at the date of the caller's file."""
    package = tmp_path / "gxn"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(compiled.__file__, package)
    head = "from gxn.compiled import compiled\n"
    outer = "from gxn.inner import inner\n\n\n@compiled\ndef outer():\n    return inner()\n"
    (package / "outer.py").write_text(head + outer)
    found = []
    for value in (1, 1, 2):
        body = f"{head}\n\n@compiled\ndef inner():\n    return {value}\n"
        inner = package / "inner.py"
        if not inner.exists() or inner.read_text() != body:
            inner.write_text(body)
        code = "from gxn.outer import outer; print(outer(), sum(outer.stats.cache_hits.values()))"
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},  # bytecode is kept by whole seconds
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(run.stdout.split())
    assert found == [["1", "0"], ["1", "1"], ["2", "0"]]
