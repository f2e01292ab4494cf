"""Settings written as YAML with the reason for each beside it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

RESERVED = {
    "null",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
}  # words that are not text in YAML 1.1
COLUMN, MOST = 34, 118  # where comments begin, and the longest line that has one


@dataclass(frozen=True)
class Setting:
    """A value of the configuration, its key with sections separated by dots, and the reason for the value."""

    key: str
    value: Any
    reason: str = ""


def to_yaml(settings: Iterable[Setting], title: Iterable[str]) -> str:
    """The settings as YAML, each with its reason as a comment, below the lines of the title as comments."""
    tree: dict[str, Any] = {}
    for setting in settings:
        *sections, last = setting.key.split(".")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = setting
    lines = [f"# {_comment(line)}".rstrip() for text in title for line in text.split("\n")]
    return "\n".join([*lines, *_lines(tree, "")]) + "\n"


def _lines(tree: dict[str, Any], indent: str) -> Iterable[str]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield f"{'' if indent else chr(10)}{indent}{key}:"
            yield from _lines(value, indent + "  ")
            continue
        text, reason = f"{indent}{key}: {_scalar(value.value)}", _comment(" ".join(value.reason.split()))
        commented = f"{text}{' ' * max(2, COLUMN - len(text))}# {reason}" if reason else text
        yield from [commented] if len(commented) <= MOST or not reason else [f"{indent}# {reason}", text]


def _scalar(value: Any) -> str:
    """A value in YAML's flow style; floats so that YAML 1.1 reads them as numbers."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_scalar(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_scalar, value)) + "]"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        return value if value.lower() not in RESERVED else json.dumps(value)
    if isinstance(value, str):
        return "".join(_escaped(letter) for letter in json.dumps(value, ensure_ascii=False))
    return json.dumps(value)


def _float(value: float) -> str:
    """A number that YAML 1.1 takes for one: `2.0e-4` is, `2e-4` is text."""
    if value == 0 or 0.01 <= abs(value) < 1e6:
        return repr(value)
    mantissa, exponent = f"{Decimal(repr(value)).normalize():e}".split("e")
    return f"{mantissa}{'' if '.' in mantissa else '.0'}e{exponent}"


def _escaped(letter: str) -> str:
    """The letter, or its YAML escape where it cannot be printed."""
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def _comment(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
