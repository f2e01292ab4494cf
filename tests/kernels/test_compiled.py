"""Work divided among threads, and which compiled loops are kept between runs."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gxn.code import PACKAGE, files
from gxn.kernels import compiled


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("pieces", [0, 1, 2, 30])
def test_results_are_in_the_order_of_the_pieces(pieces, count):
    expected = [3 * piece for piece in range(pieces)]
    assert compiled.spread(lambda piece: 3 * piece, range(pieces), count) == expected


def test_two_threads_work_at_a_time():
    both = threading.Barrier(2, timeout=20)
    compiled.spread(lambda piece: both.wait(), range(2), 2)  # one alone would wait in vain


def test_an_error_is_raised_and_ends_the_work():
    done = []

    def divide(piece: int) -> None:
        done.append(piece)
        time.sleep(0.01)
        1 // piece

    with pytest.raises(ZeroDivisionError):
        compiled.spread(divide, range(200), 2)
    assert len(done) < 200
    assert compiled.spread(abs, [-1, -2, -3], 2) == [1, 2, 3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_threads_of_its_own():
    code = """
import os, signal, sys
from gxn.kernels.compiled import spread

spread(abs, range(4), 2)
child = os.fork()
if not child:
    signal.alarm(60)
    os._exit(spread(abs, [-1, -2], 2) != [1, 2])
sys.exit(os.waitpid(child, 0)[1])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr


@pytest.fixture
def package(tmp_path):
    """A copy of what loops need, and a loop that calls a loop of another file."""
    kernels = tmp_path / "gxn" / "kernels"
    for file in files(Path(compiled.__file__)):
        target = tmp_path / "gxn" / file.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    loop = "from gxn.kernels.compiled import compiled\nfrom gxn.kernels.inner import VALUE\n\n\n@compiled\n"
    (kernels / "outer.py").write_text(loop + "def outer():\n    return VALUE\n")
    (kernels / "inner.py").write_text("VALUE = 1\n")
    return kernels


def call_outer(package: Path, **environment: str) -> list[str]:
    """Call the loop: its result, and the number of loops that came from the cache."""
    code = "from gxn.kernels.outer import outer; print(outer(), sum(outer.stats.cache_hits.values()))"
    paths = {"PYTHONPATH": str(package.parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
    environment = os.environ | paths | environment
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@pytest.mark.parametrize("asked", [False, True])
def test_a_loop_is_compiled_again_once_a_file_beside_it_has_changed(package, tmp_path, asked):
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")} if asked else {}
    assert [call_outer(package, **environment) for _ in range(2)] == [["1", "0"], ["1", "1"]]
    (package / "inner.py").write_text("VALUE = 2\n")
    assert call_outer(package, **environment) == ["2", "0"]
    kept = list((tmp_path / "cache" if asked else package / "__pycache__").rglob("*.nbc"))
    assert len(kept) == 2


def test_prose_compiles_nothing_again(package):
    assert call_outer(package) == ["1", "0"]
    for name, prose in (
        ("outer", '"""A loop."""\n'),
        ("inner", "# the number\n"),
        ("compiled", "# more\n\n"),
    ):
        path = package / f"{name}.py"
        path.write_text(prose + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert call_outer(package) == ["1", "1"]


def test_compiles_where_no_cache_can_be_written(package):
    """An installation that cannot be written to, used by a user without a home."""
    (package / "__pycache__").touch()  # a file stops even a superuser
    nowhere = {"HOME": "/proc/none", "XDG_CACHE_HOME": "/proc/none"}
    assert [call_outer(package, **nowhere) for _ in range(2)] == [["1", "0"]] * 2
