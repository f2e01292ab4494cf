"""The tests are a map of the code: a file per module, and no names that the code keeps to itself."""

import ast
from pathlib import Path

import pytest
from small import ROOT

PACKAGE, TESTS = ROOT / "src" / "gxn", ROOT / "tests"
# what is tested is the workflow, or the whole under attack
OTHER_ROOMS = ("workflow", "faults")
# files about several modules
SEVERAL = {
    "test_map.py": "the tests",
    "test_docs.py": "the documentation",
    "test_benchmarks.py": "benchmarks/",
    "page/test_browser.py": "gxn.page, by a browser",
    "steps/test_figures.py": "gxn.steps.figure_*",
    "steps/test_tables.py": "gxn.steps.table_*",
    "reporting/test_pictures.py": "gxn.reporting.grids and queries, from files",
    "sources/test_own_images.py": "gxn.sources.images, from files of any layout",
    "training/test_systems.py": "gxn.training.adversarial and correspondence",
    "kernels/test_rival_counts.py": "gxn.kernels.ranks",
    "models/poolings/test_poolings.py": "gxn.models.poolings",
}
FILES = sorted(
    path for path in TESTS.rglob("test_*.py") if path.relative_to(TESTS).parts[0] not in OTHER_ROOMS
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_a_file_is_named_after_the_module_or_package_that_it_tests(path: Path) -> None:
    relative = path.relative_to(TESTS)
    tested = PACKAGE / relative.parent / path.stem.removeprefix("test_")
    is_mirror = tested.with_suffix(".py").is_file() or tested.is_dir()
    assert is_mirror != (relative.as_posix() in SEVERAL)


@pytest.mark.parametrize("name", SEVERAL)
def test_a_file_about_several_modules_is_there(name: str) -> None:
    assert (TESTS / name).is_file()


def private_names(tree: ast.Module) -> list[str]:
    """Names beginning with one underscore that are imported from the package, looked up or patched."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "gxn":
            found += [alias.name for alias in node.names if alias.name.startswith("_")]
        elif isinstance(node, ast.Attribute) and _is_private(node.attr) and not _is_own(node.value):
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setattr"):
            names = [each.value for each in node.args if isinstance(each, ast.Constant)]
            found += [name for name in names if isinstance(name, str) and _is_private(name)]
    return [name for name in found if not name.endswith("._replace")]  # of every named tuple


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("self", "cls")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_what_the_code_keeps_to_itself_is_not_tested(path: Path) -> None:
    assert private_names(ast.parse(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("from gxn.a import _b", ["_b"]),
        ("a._b()", ["a._b"]),
        ("monkeypatch.setattr(a, '_b', 1)", ["_b"]),
        ("self._b\na.__name__\nb._replace(c=1)\nfrom x import _y", []),
    ],
)
def test_private_names_are_found(text: str, names: list[str]) -> None:
    assert private_names(ast.parse(text)) == names


def test_only_these_helpers_are_private_modules() -> None:
    """Modules that plug-ins of a package share; tests read their classes."""
    private = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("_*.py")} - {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__init__.py")
    }
    assert private <= {"losses/ranking/_hinges.py", "sources/_source.py", "datasets/layouts/_rows.py"}
