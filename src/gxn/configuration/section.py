"""Describes what all sections of the configuration share: strict fields, number types, plug-ins, messages."""

import difflib
import math
import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from gxn import plugins
from gxn.configuration import yaml12
from gxn.errors import GxnError

S = TypeVar("S", bound="Section")


class Section(BaseModel):
    """A section of the configuration: unknown, missing and mistyped keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def parse_text(value: Any) -> Any:
    """The number, truth value or null that a text spells, as Snakemake's command line gives it; else the value."""
    if not isinstance(value, str):
        return value
    try:
        spelt = yaml12.load(value)
    except (yaml.YAMLError, ValueError):
        return value
    return spelt if isinstance(spelt, int | float | bool) or spelt is None else value


def _no_null_text(value: Any) -> Any:
    """Return None for the text `null`, as Snakemake's command line gives it; else the value."""
    return None if value == "null" else value


def _as_list(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


FromText = BeforeValidator(parse_text)
NullFromText = BeforeValidator(_no_null_text)
Whole = Annotated[int, FromText]
Real = Annotated[float, FromText]
Flag = Annotated[bool, FromText]


def number(kind: type, optional: bool = False, **bounds: float) -> Any:
    """Type of a number within bounds, or null; as text, too."""
    # the bounds stand before FromText: pydantic writes no JSON schema of those that follow a function
    bounded = Annotated[kind, Field(**bounds)]
    return Annotated[bounded | None if optional else bounded, FromText]


Seed = number(int, ge=0, le=2**63 - 1)
Count = number(int, ge=1, le=10**9)
Pixels = number(int, ge=1, le=16384)
Width = number(int, ge=1, le=16384)
Epochs = number(int, ge=1, le=100_000)
Images = number(int, ge=2, le=10_000_000)
Pairs = number(int, ge=2, le=65536)
Words = number(int, ge=1, le=1000)
Positive = number(float, gt=0, le=1e6)
Weight = number(float, ge=0, le=1e6)
Share = number(float, ge=0, le=1)
Rate = number(float, gt=0, le=10)
RateOrZero = number(float, ge=0, le=10)
LastEpochs = number(int, optional=True, ge=0, le=100_000)
OptionalEpochs = number(int, optional=True, ge=1, le=100_000)
OptionalImages = number(int, optional=True, ge=2, le=10_000_000)
OptionalPixels = number(int, optional=True, ge=1, le=16384)
NAME = r"^[A-Za-z0-9][A-Za-z0-9_]*$"
PATH = r"^[^{}\x00-\x1f]+$"  # Snakemake takes braces for wildcards, and a line break ends a command
COLOUR = r"^#[0-9A-Fa-f]{6}$"
PATTERNS = {
    NAME: "is not a name: letters, digits and _ only, the first no _",
    PATH: "holds braces or a control character, which no path here may have",
    COLOUR: "is not a colour; write it as '#RRGGBB', in quotes",
}
Name = Annotated[str, Field(pattern=NAME, max_length=64)]
FilePath = Annotated[str, Field(min_length=1, max_length=4096, pattern=PATH)]
Colour = Annotated[str, Field(pattern=COLOUR)]
OptionalPath = Annotated[FilePath | None, NullFromText]


def list_of(kind: Any, least: int = 0, most: int = 1000) -> Any:
    """Type of a field that holds a list of different values, kept as a tuple."""
    return Annotated[tuple[kind, ...], BeforeValidator(_different), BeforeValidator(_as_list), Field(
        min_length=least, max_length=most)]  # fmt: skip


def _different(values: Any) -> Any:
    if isinstance(values, tuple) and len({repr(each) for each in values}) != len(values):
        raise ValueError("a value is given twice")
    return values


def choice(package: str) -> Any:
    """Type of a field that chooses a plug-in of `package`: `{kind: NAME, ...}` with its parameters, or `NAME`."""
    sections = []
    for name in plugins.names(package):
        own = plugins.load(package, name).Parameters
        field = (Literal[name], Field(description=_first_line(plugins.load(package, name).__doc__)))
        sections.append(create_model(f"{package}.{name}", __base__=own, kind=field))
    return Annotated[Union[tuple(sections)], Field(discriminator="kind"), BeforeValidator(_by_name)]  # noqa: UP007


def used_plugins(section: Section) -> list[str]:
    """Modules of the plug-ins that a section chooses, at any depth, sorted."""
    found = {type(section).__name__} if "kind" in type(section).model_fields else set()
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            found |= set(used_plugins(value))
    return sorted(found)


def _by_name(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


def partial(section: type[Section]) -> type[Section]:
    """Make the section whose keys are those of another, each of which may be left out: an overlay of it.

    A key that is left out reads as None; `model_dump(exclude_unset=True)` gives the keys that were written.
    """
    fields = {
        name: (_annotated(field), Field(None, description=field.description))
        for name, field in section.model_fields.items()
    }
    return create_model(f"{section.__name__}Overlay", __base__=Section, __doc__=section.__doc__, **fields)


def _annotated(field: FieldInfo) -> Any:
    """The type of a field with its constraints: null is no value of it, unless it was before."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _first_line(text: str | None) -> str:
    return (text or "").strip().splitlines()[0]


def parse(kind: type[S], value: Any, where: str) -> S:
    """Make a section from a mapping.

    Args:
        where: what the mapping is called in messages, such as a file's name.

    Raises:
        GxnError: names every key that is unknown, missing or wrong, one a line.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise GxnError("\n".join(f"{where}: {line}" for line in problems(error, kind))) from None
    except RecursionError:
        raise GxnError(f"{where}: a key contains itself, by an anchor (&) and its alias (*)") from None


def problems(error: ValidationError, kind: type[BaseModel]) -> list[str]:
    """Say what is wrong, a line for each key, in words for the user."""
    return list(dict.fromkeys(_line(each, kind) for each in error.errors()))


def _line(error: Mapping[str, Any], kind: type[BaseModel]) -> str:
    path, _ = _walk(kind, error["loc"])
    where = ".".join(path) or "the configuration"
    code, given = error["type"], error["input"]
    context = {key: _whole(value) for key, value in error.get("ctx", {}).items()}
    if code == "missing":
        return f"{where}: is missing"
    if code == "extra_forbidden":
        return f"{where}: unknown key{suggestion(path[-1], known_keys(kind, error['loc'][:-1]))}"
    if code == "literal_error":
        return f"{where}: must be {context['expected'].replace(chr(39), '')}, not {_short(given)}"
    if code == "union_tag_invalid":
        words = " or ".join(context["expected_tags"].replace("'", "").rsplit(", ", 1))
        return f"{where}.kind: must be {words}, not {_short(context['tag'])}"
    if code == "union_tag_not_found":
        return f"{where}: names no kind; write it as {{kind: NAME, ...}}"
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
            path.append(str(part))
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
    return [line for key, each in items for line in finite(each, f"{where}.{key}" if where else str(key))]
