"""The list of public files: `downloads.yaml`, and torchvision's own list of weights."""

import functools
import re
from pathlib import Path
from typing import Any

import yaml

from gxn.configuration.problems import suggestion
from gxn.configuration.section import Section, list_of, parse
from gxn.errors import GxnError

LIST = Path(__file__).with_name("downloads.yaml")


class Source(Section):
    """A public file: places that have it, its size, its sums and the name of its terms.

    `sha256` may be the beginning of the sum only, as in the names of torchvision's files.
    """

    bytes: int | None
    md5: str | None
    sha256: str | None
    terms: str
    urls: list_of(str, 1)


@functools.cache
def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def source(name: str) -> Source:
    """The listed file `name`.

    Raises:
        GxnError: it is not listed.
    """
    return parse(Source, _entry("files", name), f"{LIST.name}: {name}")


def show_terms(name: str) -> None:
    """Print the terms `name`."""
    print(f"Terms ({name}): {_entry('terms', name)}", flush=True)


def where_to_ask(name: str) -> str:
    """`; ask for ... at ...` when the images of dataset `name` are had by request only, else nothing."""
    ask = _read(LIST)["ask"].get(name)
    return f"; {ask}" if ask else ""


def weights_source(cnn: str) -> Source:
    """Say where torchvision's ImageNet weights of `cnn` are: its first ones, those of the papers compared with.

    Raises:
        GxnError: torchvision has no such classification model, or no weights for it.
    """
    from torchvision import models

    try:
        weights = models.get_model_weights(cnn)["IMAGENET1K_V1"]
    except (KeyError, ValueError) as error:
        raise GxnError(f"cnn.name: torchvision has no ImageNet weights (V1) for {cnn!r}") from error
    named = re.search(r"-([0-9a-f]{8,})\.pth$", weights.url)
    sha256 = named.group(1) if named else None
    return Source(bytes=None, md5=None, sha256=sha256, terms="torchvision", urls=(weights.url,))


def weights_size(cnn: str) -> int | None:
    """About how many bytes the file of `weights_source` has, by torchvision's list."""
    from torchvision import models

    weights_source(cnn)
    size = models.get_model_weights(cnn)["IMAGENET1K_V1"].meta.get("_file_size")
    return int(size * 2**20) if size else None


def _entry(kind: str, name: str) -> Any:
    entries = _read(LIST)[kind]
    if name not in entries:
        raise GxnError(f"{LIST.name}: {kind}: has no {name!r}{suggestion(name, entries)}")
    return entries[name]
