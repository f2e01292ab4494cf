"""What stands behind a file, found by reading it, beside what Python imports when it is run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from gxn.imports import sources

import gxn

PACKAGE = Path(gxn.__file__).parent


@pytest.mark.parametrize("step", ["joint", "evaluate", "figure_t2i"])
def test_nothing_is_imported_that_is_not_found(step):
    code = (
        f"import json, sys, gxn.steps.{step}; "
        "print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'gxn']))"
    )
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code], text=True))
    assert {Path(path) for path in loaded} <= sources(PACKAGE / "steps" / f"{step}.py")


def test_what_is_imported_inside_a_function_is_found():
    found = sources(PACKAGE / "steps" / "preflight.py")
    assert PACKAGE / "features" / "cnn.py" in found and PACKAGE / "training" / "distributed.py" in found
    assert PACKAGE / "reporting" / "tables.py" not in found


def test_a_file_stands_behind_itself_and_its_packages_with_it(tmp_path):
    alone = tmp_path / "alone.py"
    alone.write_text("import json\n")
    assert sources(alone) == {alone, PACKAGE / "__init__.py"}
    other = tmp_path / "other.py"
    other.write_text("from gxn.datasets import words\nimport gxn.errors\n")
    behind = ["__init__.py", "errors.py", "datasets/__init__.py", "datasets/words.py"]
    assert sources(other) == {other, *(PACKAGE / name for name in behind)}
