"""The configuration's JSON schema and page of keys, made from its models.

uv run python -m gxn.configuration.reference     writes docs/configuration.md and config/schema.json
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gxn.configuration import yaml12
from gxn.configuration.root import Configuration
from gxn.writing import atomic

ROOT = Path(__file__).parents[3]
SCHEMA, PAGE = Path("config/schema.json"), Path("docs/configuration.md")
HEADER = """# Configuration

`params.yaml` holds every default, with its reason. Files of `config/`, or your own, overlay it key by key,
and values of the command line overlay them:

```
uv run snakemake --cores 8 --configfile config/mine.yaml -- results/table_ablation.csv
uv run snakemake --cores 8 --config 'joint={epochs: 4}' -- results/table_ablation.csv
```

A key that is unknown, has another name now, or has a value out of its bounds is refused before anything
runs, with the nearest known name. Where a key chooses a plug-in, `kind` names it: `loss: {kind: hinge,
margin: 0.2}`; a plug-in without parameters may be named alone, `loss: infonce`. A mapping of another `kind`
replaces the one that it overlays.

This page is made from the models in `src/gxn/configuration` by `uv run python -m
gxn.configuration.reference`; a test holds it to them. `config/schema.json` is the same as a JSON schema,
for editors.
"""


def schema() -> dict[str, Any]:
    """Make the JSON schema."""
    return Configuration.model_json_schema()


def page() -> str:
    """Make the page of keys."""
    whole, defaults = schema(), yaml12.load((ROOT / "params.yaml").read_text("utf-8"))
    lines, top = [HEADER, "## Top level", ""], []
    sections = []
    for name, field in whole["properties"].items():
        inner = _resolved(field, whole)
        if "properties" in inner:
            sections.append((name, inner, defaults.get(name, {})))
        elif by_name := _entry(inner):
            entry = _resolved(by_name, whole)
            lines_of = _choices(entry, whole) or [("", entry)]
            for title, each in lines_of:
                sections.append((f"{name}.NAME{title}", each, {}))
        else:
            top.append((name, field, defaults.get(name)))
    lines += _table(top, whole)
    for title, section, values in sections:
        lines += ["", f"## `{title}`", "", section.get("description", ""), ""]
        lines += list(_section(section, values, whole))
    return "\n".join(lines) + "\n"


def _entry(field: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Schema of the entries of a mapping whose keys the user chooses; None if it is another field."""
    if isinstance(field.get("additionalProperties"), Mapping):
        return field["additionalProperties"]
    return next(iter(field.get("patternProperties", {}).values()), None)


def _section(section: Mapping[str, Any], values: Any, whole: Mapping[str, Any]) -> Iterator[str]:
    """Lines of a section's keys, then of the sections and plug-ins in it."""
    values = values if isinstance(values, Mapping) else {}
    plain, nested = [], []
    for name, field in section.get("properties", {}).items():
        inner = _resolved(field, whole)
        choices = _choices(inner, whole)
        if choices or "properties" in inner:
            nested.append((name, field, choices or [("", inner)]))
        else:
            plain.append((name, field, values.get(name, field.get("default"))))
    yield from _table(plain, whole)
    for name, field, choices in nested:
        about = field.get("description", "")
        for title, inner in choices:
            text = inner.get("properties", {}).get("kind", {}).get("description") or inner.get(
                "description", ""
            )
            words = text if text == about or not about else f"{about}. {text}"
            yield from ("", f"**`{name}{title}`** {words}", "")
            own = values.get(name, {})
            kind = inner.get("properties", {}).get("kind", {}).get("const")
            shown = own if not kind or (isinstance(own, Mapping) and own.get("kind") == kind) else {}
            yield from _section(inner, shown, whole)


def _table(rows: Sequence[tuple[str, Mapping[str, Any], Any]], whole: Mapping[str, Any]) -> list[str]:
    if not rows:
        return []
    lines = ["| key | values | default | meaning |", "|---|---|---|---|"]
    for name, field, default in rows:
        shown = "" if default is None and "default" not in field else f"`{json.dumps(default)}`"
        cells = (f"`{name}`", _values(_resolved(field, whole), whole), shown, field.get("description", ""))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def _values(field: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """The values that a key may have, in words."""
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_values(_resolved(each, whole), whole) for each in field["anyOf"]))
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    if "const" in field:
        return str(field["const"])
    kind = {
        "integer": "whole number",
        "number": "number",
        "boolean": "true, false",
        "string": "text",
        "array": "list",
        "null": "null",
        "object": "mapping",
    }.get(field.get("type", ""), "")
    if kind == "list":
        return f"list of: {_values(_resolved(field.get('items', {}), whole), whole)}"
    bounds = {
        "minimum": "from {}",
        "exclusiveMinimum": "above {}",
        "maximum": "to {}",
        "exclusiveMaximum": "below {}",
    }
    parts = [form.format(_number(field[key])) for key, form in bounds.items() if key in field]
    return " ".join([kind, *parts])


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) and value < 10**12 else f"{value:g}"


def _choices(field: Mapping[str, Any], whole: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Plug-ins that a key chooses from, with their `kind`."""
    options = field.get("oneOf") or [each for each in field.get("anyOf", []) if "oneOf" in each]
    if options and "oneOf" in options[0]:
        options = options[0]["oneOf"]
    found = [_resolved(each, whole) for each in options]
    kinds = [each.get("properties", {}).get("kind", {}) for each in found]
    return [
        (f": {kind.get('const', kind.get('default', ''))}", each)
        for kind, each in zip(kinds, found, strict=True)
    ]


def _resolved(field: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """A field with its reference followed; keys beside the reference override those that it refers to."""
    reference = field.get("$ref")
    if reference is None:
        return field
    return {**whole["$defs"][reference.rpartition("/")[2]], **{k: v for k, v in field.items() if k != "$ref"}}


def main() -> None:
    """Write both files."""
    for path, text in ((SCHEMA, json.dumps(schema(), indent=1) + "\n"), (PAGE, page())):
        with atomic(ROOT / path) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
