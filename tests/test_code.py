"""The digest of the code behind a step: prose changes nothing, what is imported and computes does."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from small import ENVIRONMENT, ROOT

from gxn import code

TOY = {
    "__init__.py": "",
    "cli.py": "from gxn import errors\n\nINTERVAL = 10\n",
    "errors.py": "TEXT = 1\n",
    "unrelated.py": "ONE = 1\n",
    "shared.py": "ONE = 1\n",
    "deep/__init__.py": "",
    "deep/inner.py": "from gxn.deep.innermost import THREE\n",
    "deep/innermost.py": "THREE = 3\n",
    "configuration/__init__.py": "",
    "configuration/root.py": "from gxn.behind import ONE\n",
    "behind.py": "ONE = 1\n",
    "loops.py": "import gxn.steps.train\n",
    "steps/__init__.py": "",
    "steps/train.py": '''"""A step."""

import json
from gxn import cli, shared
from gxn.configuration.root import ONE


class Trainer:
    """Trains."""

    rate = 0.1


def train(size=3):
    """Train."""
    # lazily
    from gxn.deep import inner
    return {"size": size, "text": "kept"}


async def wait():
    """Wait."""
''',
}

Digest = Callable[..., str]


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Digest:
    """Digest of a step of a toy package, with some of its files changed."""
    numbers = count()

    def of(*modules: str, **changes: str) -> str:
        package = tmp_path / str(next(numbers)) / "gxn"
        for name, text in (TOY | changes).items():
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            (package / name).write_text(text)
        monkeypatch.setattr(code, "PACKAGE", package)
        return code.digest(*(modules or ("gxn.steps.train",)))

    return of


def replaced(file: str, old: str, new: str) -> dict[str, str]:
    assert TOY[file].count(old) == 1
    return {file: TOY[file].replace(old, new)}


STEP = "steps/train.py"


def test_it_is_sixteen_hexadecimal_digits(digest):
    assert len(digest()) == 16 and int(digest(), 16) >= 0


def test_it_does_not_depend_on_where_the_package_lies(digest):
    assert digest() == digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A step."""', '"""Another sentence."""'),
        ('"""A step."""\n', ""),
        ('"""Trains."""', '"""Trains well."""'),
        ('    """Trains."""\n', ""),
        ('"""Train."""', '"""Train.\n\n    At length.\n    """'),
        ('"""Wait."""', '"""Wait for it."""'),
        ("    # lazily\n", ""),
        ("rate = 0.1", "rate = 0.1  # of Adam"),
        ('"kept"', "'kept'"),
        ("size=3", "size = 3"),
        ("import json\n", "import json\n\n\n"),
        ('{"size": size, "text": "kept"}', '{\n        "size": size,\n        "text": "kept",\n    }'),
    ],
)
def test_prose_and_layout_change_nothing(digest, old, new):
    assert digest(**replaced(STEP, old, new)) == digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rate = 0.1", "rate = 0.2"),
        ("size=3", "size=4"),
        ('"kept"', '"other"'),
        ("class Trainer", "class Teacher"),
        ("import json\n", ""),
        ('"text": "kept"', '"kept": "text"'),
    ],
)
def test_what_runs_changes_it(digest, old, new):
    assert digest(**replaced(STEP, old, new)) != digest()


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("shared.py", "imported by name from the package"),
        ("deep/inner.py", "imported inside a function"),
        ("deep/innermost.py", "imported by what is imported"),
        ("deep/__init__.py", "the package of what is imported"),
        ("steps/__init__.py", "its own package"),
        ("__init__.py", "the package itself"),
    ],
    ids=lambda value: value if " " in value else "",
)
def test_what_is_imported_counts(digest, file, what):
    assert digest(**{file: TOY[file] + "MORE = 1\n"}) != digest()


def test_an_unrelated_module_does_not_count(digest):
    assert digest(**{"unrelated.py": "ONE = 2\n", "new.py": "ONE = 1\n"}) == digest()


@pytest.mark.parametrize("file", ["cli.py", "errors.py", "configuration/root.py", "behind.py"])
def test_a_neutral_module_and_what_it_alone_imports_do_not_count(digest, file):
    assert digest(**{file: TOY[file] + "MORE = 1\n"}) == digest()


def test_a_neutral_module_counts_when_it_is_asked_for(digest):
    cli = "gxn.cli"
    assert digest(cli, **{"cli.py": TOY["cli.py"] + "MORE = 1\n"}) != digest(cli)


def test_modules_may_import_each_other(digest):
    circle = {"shared.py": "import gxn.loops\n"}
    assert digest(**circle) != digest()


def test_of_several_modules_the_order_does_not_count(digest):
    assert digest("gxn.shared", "gxn.unrelated") == digest("gxn.unrelated", "gxn.shared")


def test_of_several_modules_each_counts(digest):
    changed = {"unrelated.py": "ONE = 2\n"}
    assert digest("gxn.shared", "gxn.unrelated") != digest("gxn.shared", "gxn.unrelated", **changed)


def test_a_module_in_two_ways_counts_once(digest):
    assert digest("gxn.steps.train", "gxn.shared") == digest()


def test_a_missing_module_is_an_error(digest):
    with pytest.raises(FileNotFoundError, match=r"missing\.py"):
        digest("gxn.missing")


def test_a_package_is_its_first_file():
    assert code.path_of("gxn.steps") == code.PACKAGE / "steps" / "__init__.py"


def test_a_file_stands_behind_itself_and_its_packages_with_it():
    found = code.files(code.path_of("gxn.datasets.words"))
    behind = ("datasets/words.py", "datasets/__init__.py", "__init__.py")
    assert found == {code.PACKAGE / name for name in behind}


def test_this_package_names_its_modules_in_full():
    """The digest follows absolute imports alone."""
    relative = [
        (path, node.lineno)
        for path in code.PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


@cache
def loaded(module: str) -> set[Path]:
    """Source files of this package that Python loads for a module."""
    script = (
        f"import json, sys, {module}; "
        "print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'gxn']))"
    )
    # -c puts the working folder first on the path, but no more: the package is found as it is here
    output = subprocess.check_output([sys.executable, "-c", script], text=True, cwd=ROOT, env=ENVIRONMENT)
    return {Path(path).resolve() for path in json.loads(output)}


@pytest.mark.parametrize("step", ["train_joint", "evaluate"])
def test_nothing_is_imported_that_is_not_found(step):
    """Less what the configuration loads, whose plug-ins a job's own digest names, and other neutral modules."""
    rest = loaded(f"gxn.steps.{step}") - loaded("gxn.configuration.arguments")
    rest = {path for path in rest if code.PACKAGE / "configuration" not in path.parents}
    assert rest and rest <= code.files(code.path_of(f"gxn.steps.{step}"))


@pytest.mark.parametrize(
    ("step", "module", "behind"),
    [
        ("preflight", "gxn.features.cnn", True),
        ("preflight", "gxn.reporting.tables", False),
        ("evaluate", "gxn.training.loop", False),
        ("train_ranking", "gxn.reporting.tables", False),
        ("train_ranking", "gxn.evaluation.statistics", False),
        ("figure_training", "gxn.training.loop", False),
        ("table_ablation", "gxn.evaluation.ranks", False),
    ],
)
def test_a_change_reruns_what_it_can_change(step, module, behind):
    assert (code.path_of(module) in code.files(code.path_of(f"gxn.steps.{step}"))) == behind


def test_no_step_imports_a_step():
    steps = {path for path in (code.PACKAGE / "steps").glob("*.py") if path.stem != "__init__"}
    assert {path: steps & code.files(path) for path in steps} == {path: {path} for path in steps}


def test_evaluation_does_not_import_training():
    behind = set().union(*(code.files(path) for path in (code.PACKAGE / "evaluation").glob("*.py")))
    assert not {path for path in behind if code.PACKAGE / "training" in path.parents}
