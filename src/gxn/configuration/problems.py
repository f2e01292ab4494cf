"""Messages about a wrong configuration: what pydantic finds, in words for the user."""

import difflib
import math
import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

NAME = r"^[A-Za-z0-9][A-Za-z0-9_]*$"
# Snakemake takes braces for wildcards, a line break ends a command, and a dash begins an option
PATH = r"^[^-{}\x00-\x1f][^{}\x00-\x1f]*$"
COLOUR = r"^#[0-9A-Fa-f]{6}$"
PATTERNS = {
    NAME: "is not a name; use letters, digits and _, and do not begin with _",
    PATH: "contains braces or a control character, or begins with a dash; no path may, but ./- will do",
    COLOUR: "is not a colour; write it as '#RRGGBB', in quotes",
}


def problems(error: ValidationError, kind: type[BaseModel]) -> list[str]:
    """Describe the errors, one line per key, in words for the user."""
    return list(dict.fromkeys(_line(each, kind) for each in error.errors()))


def _line(error: Mapping[str, Any], kind: type[BaseModel]) -> str:
    path, _ = _walk(kind, error["loc"])
    where = ".".join(path) or "the configuration"
    code, given = error["type"], error["input"]
    context = {key: _whole(value) for key, value in error.get("ctx", {}).items()}
    if code == "missing":
        return f"{where}: is missing"
    if code == "extra_forbidden":
        return f"{where}: unknown key{suggestion(error['loc'][-1], known_keys(kind, error['loc'][:-1]))}"
    if code == "literal_error":
        return f"{where}: must be {context['expected'].replace(chr(39), '')}, not {_short(given)}"
    if code == "union_tag_invalid":
        words = " or ".join(context["expected_tags"].replace("'", "").rsplit(", ", 1))
        return f"{where}.kind: must be {words}, not {_short(context['tag'])}"
    if code == "union_tag_not_found":
        return f"{where}: has no kind; write it as {{kind: NAME, ...}}"
    if code == "value_error":
        return f"{where}: {context['error']}"
    if code == "string_pattern_mismatch":
        return f"{where}: {_short(given)} {PATTERNS[context['pattern']]}"
    wanted = WANTED.get(code)
    if wanted is None:
        return f"{where}: {error['msg'][:1].lower()}{error['msg'][1:]}, not {_short(given)}"
    return f"{where}: must be {wanted.format(**context)}, not {_short(given)}"


WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "invalid_key": "text",
    "string_too_short": "at least {min_length} character long",
    "string_too_long": "at most {max_length} characters long",
    "tuple_type": "a list",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
}


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def shown(key: Any) -> str:
    """A key as messages name it: as it is, or quoted where it is long, empty or has letters that do not print."""
    text = str(key)
    return text if text and text.isprintable() and len(text) <= 80 else _short(text)


def suggestion(key: Any, names: Iterable[str]) -> str:
    """`; did you mean ...?` when a known name is near `key`, else the known names."""
    names = sorted(names)
    near = difflib.get_close_matches(str(key), names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known keys: {', '.join(names)}"


def known_keys(kind: type[BaseModel], location: Iterable[Any]) -> set[str]:
    """Keys that the section at `location`, as pydantic writes it, may have."""
    return {name for model in _walk(kind, location)[1] for name in model.model_fields}


def _walk(kind: type[BaseModel], location: Iterable[Any]) -> tuple[list[str], list[type[BaseModel]]]:
    """Follow the location of an error into a section.

    Returns:
        The user's keys, without the name that pydantic puts after a key that chooses a plug-in; and the sections
        that may stand there.
    """
    path: list[str] = []
    current, chosen = [kind], False
    for part in location:
        tagged = [each for each in current if _tag(each) == part and not chosen]
        chosen = bool(tagged)
        if tagged:
            current = tagged
        elif part != "[key]":  # pydantic's mark for a wrong key of a mapping
            path.append(shown(part))
            current = [each for outer in current for each in _inner(outer, part)]
    return path, [each for each in current if isinstance(each, type) and issubclass(each, BaseModel)]


def _tag(annotation: Any) -> str | None:
    """Name of the plug-in whose section this is, if it is one."""
    field = getattr(annotation, "model_fields", {}).get("kind")
    return get_args(field.annotation)[0] if field else None


def _inner(annotation: Any, part: Any) -> list[Any]:
    """Types that the member `part` of a section, a mapping or a list may have."""
    if get_origin(annotation) is dict:
        return _alternatives(get_args(annotation)[1])
    if get_origin(annotation) is tuple:
        return _alternatives(get_args(annotation)[0])
    fields = getattr(annotation, "model_fields", {})
    return _alternatives(fields[part].annotation) if part in fields else []


def _alternatives(annotation: Any) -> list[Any]:
    """Members of a union, at any depth, without their constraints."""
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [each for member in get_args(annotation) for each in _alternatives(member)]
    return [annotation]


def finite(value: Any, where: str = "") -> list[str]:
    """Numbers that are not finite, a line each: YAML can spell them."""
    if isinstance(value, float) and not math.isfinite(value):
        return [f"{where}: must be a finite number, not {value}"]
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [
        line for key, each in items for line in finite(each, f"{where}.{shown(key)}" if where else shown(key))
    ]
