"""Plug-ins: each module of a package of plug-ins is one choice of a setting, known by its file's name.

A new choice is a new file; nothing lists them. The file holds a class `Parameters`, a section of the
configuration, and what the package's docstring asks for. The configuration reads all of them, so none may import
torch as it is imported.
"""

import importlib
import pkgutil
from types import ModuleType


def names(package: str) -> list[str]:
    """Names of the plug-ins of a package such as `gxn.losses.ranking`, sorted."""
    path = importlib.import_module(package).__path__
    return sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))


def load(package: str, name: str) -> ModuleType:
    """The plug-in `name` of a package."""
    return importlib.import_module(f"{package}.{name}")
