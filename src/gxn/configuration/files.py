"""Configuration files: read, laid over one another, checked, written as one."""

import collections
import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from gxn.configuration import yaml12
from gxn.configuration.contradictions import contradictions
from gxn.configuration.problems import finite, shown
from gxn.configuration.renamed import renamed
from gxn.configuration.root import Configuration
from gxn.configuration.section import parse
from gxn.errors import GxnError
from gxn.regular import read_text
from gxn.writing import atomic

PARAMS = Path("params.yaml")  # the defaults, in the repository's root
LONGEST = 100_000  # nodes of a file: of the default configuration 500


def load(paths: Sequence[str | Path], above: Mapping[str, Any] | None = None) -> Configuration:
    """Read configuration files, lay them over one another in order, `above` over all, and check the result.

    Raises:
        GxnError: a file cannot be read; or names every key that is unknown, missing or wrong, one a line.
    """
    merged: dict[str, Any] = {}
    where = " + ".join(map(str, paths))
    for path in paths:
        overlay(merged, read(Path(path)))
    with _of_finite_depth(where):
        overlay(merged, above or {})
    return check(merged, where)


def load_over_defaults(files: Sequence[str | Path]) -> Configuration:
    """Load configuration files over the defaults of the repository whose root is the working folder.

    The defaults may be named among the files.

    Raises:
        GxnError: as `load`, or there is no params.yaml.
    """
    if not PARAMS.is_file():
        raise GxnError(f"{Path.cwd()}: has no params.yaml; run this in the repository's folder")
    return load([PARAMS, *(file for file in files if Path(file).resolve() != PARAMS.resolve())])


def check(merged: Mapping[str, Any], where: str) -> Configuration:
    """Make the configuration of a merged mapping; `where` names its files in messages.

    Raises:
        GxnError: as `load`.
    """
    with _of_finite_depth(where):
        lines = [*renamed(merged), *finite(merged)]
    if lines:
        raise GxnError("\n".join(f"{where}: {line}" for line in lines))
    config = parse(Configuration, merged, where)
    if lines := contradictions(config):
        raise GxnError("\n".join(f"{where}: {line}" for line in lines))
    return config


@contextlib.contextmanager
def _of_finite_depth(where: str) -> Iterator[None]:
    """Refuse a mapping that contains itself."""
    try:
        yield
    except RecursionError:
        raise GxnError(f"{where}: a key contains itself, by an anchor (&) and its alias (*)") from None


def read(
    path: Path, loader: Callable[[str], Any] = yaml12.load, refusal: type[Exception] = yaml.YAMLError
) -> dict[str, Any]:
    """Read a configuration file by a YAML parser that raises `refusal`.

    Raises:
        GxnError: it cannot be read, is empty, is not a mapping of keys, has a key twice, or has aliases that
            make it endless or longer than LONGEST nodes.
    """
    if not path.exists():
        raise GxnError(f"{path}: there is no such file; name files such as config/local.yaml")
    text = read_text(path)
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        if _length(root, {}) > LONGEST:
            raise GxnError(
                f"{path}: expands to more than {LONGEST:,} keys and values, by anchors (&) and aliases (*)"
            )
        mapping = loader(text)
        doubled = _doubled(root)
    except (ValueError, RecursionError, yaml.YAMLError, refusal) as error:
        raise GxnError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not mapping:
        raise GxnError(f"{path}: is empty; give it keys such as `seeds: [0]`, or leave the file out")
    if not isinstance(mapping, dict):
        raise GxnError(
            f"{path}: must be a mapping of keys such as `seeds: [0]`, not a {type(mapping).__name__}"
        )
    if doubled:
        raise GxnError(f"{path}: {', '.join(doubled)}: given more than once, and only the last would count")
    return mapping


def _length(node: yaml.Node | None, known: dict[int, float]) -> float:
    """Number of nodes with every alias written out; infinite where a node contains itself."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        known[id(node)] = math.inf  # while its own members are counted
        members = (
            node.value if isinstance(node, yaml.SequenceNode) else [n for pair in node.value for n in pair]
        )
        known[id(node)] = 1 + sum(_length(member, known) for member in members)
    return known[id(node)]


def _doubled(root: yaml.Node | None) -> list[str]:
    """Keys that occur more than once in one mapping, with their lines: YAML forbids it, PyYAML does not."""
    found, seen, left = [], set(), [root] if root else []
    while left:
        node = left.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))  # an alias may lead back
        if isinstance(node, yaml.SequenceNode):
            left += node.value
            continue
        keys = collections.Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        found += [
            f"{shown(key.value)} (line {key.start_mark.line + 1})"
            for key, _ in node.value
            if isinstance(key, yaml.ScalarNode) and keys[key.value] > 1
        ]
        left += [value for _, value in node.value]
    return found


def overlay(below: MutableMapping[str, Any], above: Mapping[str, Any]) -> None:
    """Lay `above` over `below`, in place: mappings key by key, anything else whole.

    A mapping with another `kind` chooses another plug-in, whose parameters are others: it replaces the one below.
    """
    for key, value in above.items():
        old = below.get(key)
        if isinstance(value, Mapping) and isinstance(old, MutableMapping) and not _other_kind(old, value):
            overlay(old, value)
        elif isinstance(value, Mapping):
            below[key] = {}
            overlay(below[key], value)
        else:
            below[key] = value


def _other_kind(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    return "kind" in above and "kind" in below and above["kind"] != below["kind"]


def write(path: Path, config: Configuration) -> None:
    """Write a whole configuration as a YAML file that `load` reads."""
    with atomic(path) as temporary:
        text = yaml12.dump(config.model_dump(mode="json", exclude_unset=True))
        temporary.write_text(text, encoding="utf-8")
