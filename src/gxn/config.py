"""Configuration sections as frozen dataclasses: unknown, missing and mistyped keys are errors."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from gxn.errors import GxnError

Section = TypeVar("Section")


def parse(kind: type[Section], section: Any, where: str) -> Section:
    """Make the dataclass `kind` from a mapping; `where` names the section in messages.

    Raises:
        GxnError: the section is no mapping, or a key is unknown, missing, of the wrong type or none of the words
            of a `Literal`.
    """
    if not isinstance(section, Mapping):
        raise GxnError(f"{where}: must be a mapping of keys, not {section!r}")
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    for key in section:
        if key not in names:
            raise GxnError(f"{where}.{key}: unknown key{suggestion(key, names)}")
    for name in names:
        if name not in section:
            raise GxnError(f"{where}.{name}: is missing")
    return kind(**{name: _value(section[name], hints[name], f"{where}.{name}") for name in names})


def suggestion(key: Any, names: typing.Iterable[str]) -> str:
    """`; did you mean ...?` when a known name is near `key`, else the known names."""
    names = sorted(names)
    near = difflib.get_close_matches(str(key), names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known keys: {', '.join(names)}"


def _value(value: Any, kind: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return parse(kind, value, where)
    if isinstance(kind, types.UnionType):
        if value is None and type(None) in kind.__args__:
            return None
        kind = next(each for each in kind.__args__ if each is not type(None))
        return _value(value, kind, where)
    if typing.get_origin(kind) is typing.Literal:
        if value not in kind.__args__:
            raise GxnError(f"{where}: must be {' or '.join(kind.__args__)}, not {value!r}")
        return value
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise GxnError(f"{where}: must be a list, not {value!r}")
        return tuple(_value(item, kind.__args__[0], where) for item in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise GxnError(f"{where}: must be {kind.__name__}, not {value!r}")
    return value


def need_least(where: str, section: Any, **least: int) -> None:
    """Hold the numbers of `section`, called `where` in messages, against the least that they may be.

    Raises:
        GxnError: one is smaller; None is not.
    """
    for key, value in least.items():
        found = getattr(section, key)
        if found is not None and found < value:
            raise GxnError(f"{where}.{key}: must be at least {value}, not {found}")
