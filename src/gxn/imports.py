"""Which files of this package stand behind one of them: what has to be made again where one changes."""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


@cache
def sources(file: Path) -> frozenset[Path]:
    """A file, those of this package that it imports, directly or not, and the packages that they are in."""
    found, left = {file}, [file]
    while left:
        new = _imported(left.pop()) - found
        found |= new
        left += new
    return frozenset(found)


@cache
def _imported(file: Path) -> frozenset[Path]:
    names = {PACKAGE.name}
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    paths = {Path(*name.split(".")) for name in names if name.partition(".")[0] == PACKAGE.name}
    paths |= {parent for path in paths for parent in path.parents if parent.parts}
    files = {PACKAGE.parent / path for path in paths}
    files = {path / "__init__.py" if path.is_dir() else path.with_suffix(".py") for path in files}
    return frozenset(path for path in files if path.is_file())
