"""GXN, Look, Imagine and Match: `gxn.load(DIR)` opens an exported row, `gxn.open_results(FILE)` trained ones."""

from importlib import import_module
from typing import Any

USING = ("load", "open_results")  # of gxn.using, imported when they are asked for: the steps begin without it


def __getattr__(name: str) -> Any:
    if name in USING:
        return getattr(import_module("gxn.using"), name)
    raise AttributeError(f"module 'gxn' has no attribute {name!r}")
