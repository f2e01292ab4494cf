"""The base of all sections of the configuration: strict fields, types of numbers, choices of plug-ins."""

from typing import Annotated, Any, Literal, TypeVar, Union

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from gxn import plugins
from gxn.configuration import yaml12
from gxn.configuration.problems import COLOUR, NAME, PATH, problems
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
    """Make an overlay of a section: a section with the same keys, each of which may be left out.

    A key that is left out reads as None; `model_dump(exclude_unset=True)` gives the keys that were written.
    """
    fields = {
        name: (_annotated(field), Field(None, description=field.description))
        for name, field in section.model_fields.items()
    }
    return create_model(f"{section.__name__}Overlay", __base__=Section, __doc__=section.__doc__, **fields)


def _annotated(field: FieldInfo) -> Any:
    """The type of a field with its constraints; it allows null only if the field does."""
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
