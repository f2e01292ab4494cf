"""The digest of the code behind a step: what decides whether its results are made again.

The digest covers the syntax trees, without docstrings and comments, of a module and of the modules of this package
that it imports, directly or not. So prose can change and nothing runs again.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
# What these modules do reaches a job through its settings, which are compared by value, or not at all: messages
# and the command line decide nothing that is written into a file.
NEUTRAL = ("gxn.configuration", "gxn.cli", "gxn.errors")


def digest(*modules: str) -> str:
    """Hexadecimal digest, 16 characters, of the code behind modules such as `gxn.steps.match`.

    Raises:
        FileNotFoundError: there is no such module.
    """
    paths = sorted(set().union(*(files(path_of(module)) for module in modules)))
    whole = hashlib.sha256()
    for path in paths:
        whole.update(f"{path.relative_to(PACKAGE).as_posix()} {_tree(path)}\n".encode())
    return whole.hexdigest()[:16]


def path_of(module: str) -> Path:
    """The source file of a module of this package."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def files(file: Path) -> frozenset[Path]:
    """A source file and those of this package that it imports, directly or not, less the NEUTRAL ones."""
    found, left = {file}, [file]
    while left:
        new = {path for path in _imported(left.pop()) if not _is_neutral(path)} - found
        found |= new
        left += new
    return frozenset(found)


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def _is_neutral(path: Path) -> bool:
    name = _name(path)
    return any(name == each or name.startswith(f"{each}.") for each in NEUTRAL)


@cache
def _imported(file: Path) -> frozenset[Path]:
    """Source files of this package that one of them imports by name, with the packages that they are in."""
    names = {_name(file)}  # of itself: for the packages that it is in
    for node in ast.walk(_parsed(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    paths = {Path(*name.split(".")) for name in names if name.partition(".")[0] == PACKAGE.name}
    paths |= {parent for path in paths for parent in path.parents if parent.parts}
    files = {PACKAGE.parent / path for path in paths}
    files = {path / "__init__.py" if path.is_dir() else path.with_suffix(".py") for path in files}
    return frozenset(path for path in files if path.is_file())


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes())


@cache
def _tree(file: Path) -> str:
    """Digest of a file's syntax tree: no comments, no docstrings, no layout."""
    tree = _parsed(file)  # whose imports stay as they are
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                if isinstance(first.value.value, str):
                    node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
