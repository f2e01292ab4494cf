"""YAML as its version 1.2 has it: `2e-05` is a number, `010` is ten, `yes` is text. PyYAML reads version 1.1."""

import re
from typing import Any

import yaml

RESOLVED = {
    "tag:yaml.org,2002:bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "tag:yaml.org,2002:int": (r"[-+]?[0-9]+", "-+0123456789"),
    "tag:yaml.org,2002:float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
}


class Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the numbers and truth values of YAML 1.2."""


class Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which also quotes a text that version 1.2 takes for a number or a truth value."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in RESOLVED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, (_pattern, _first) in RESOLVED.items():
    for _kind in (Loader, Dumper):
        _kind.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), list(_first))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))


def load(text: str) -> Any:
    """Read one YAML document; nothing in it is executed."""
    return Loader(text).get_single_data()


def dump(value: Any) -> str:
    """Write one YAML document, in the order of its keys, which reads the same in versions 1.1 and 1.2."""
    return yaml.dump(value, Dumper=Dumper, sort_keys=False)
