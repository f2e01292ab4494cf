"""Texts that mean something to a shell, Snakemake, YAML, a file system or a terminal; all places for a text."""

import copy
import random
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel

# what a shell would execute leaves this file
MARK = "PWNED"
ODD = (
    f"$(touch {MARK})", f"`touch {MARK}`", f"a; touch {MARK}", f"a && touch {MARK} #", f"a & touch {MARK} &",
    f"a | tee {MARK} > {MARK}", f"a\ntouch {MARK}", f"a\r\ntouch {MARK}\n", f"'; touch {MARK}; '",
    f'"; touch {MARK}; "', "a 'b' \"c\"", "$HOME ~ * ? [a-z] !!", "~", "~root", "back\\slash\\", "\\", "'", '"',
    "a\n", "\na", "a\t", "\r", " ", " a ", "a  b", "-x", "--out=x", "--", "-",
    "..", "../..", ".", "./a", "a/../b", "a//b", "/", "file:///etc/passwd", "https://example.org/a", "s3://a/b",
    "{x}", "{{x}}", "{", "{dataset}", "{wildcards.seed}", "{config[seeds]}", "{0}", "%s", "%(x)s", "${x}",
    "seed0", "seed\\d+", ".*", "(", "a|b", "results",
    "#", "#123456\n", "&a", "*a", "!!python/name:os", "null", "~null", "true", "010", "1e3", "a: b", "[a]", "- a",
    "@a", "", "\0", "a\0b", "\x1b[31m", "\x7f", "\x85", "\u2028", "\ufeff", "\u202e", "\u200b", "\ud800",
    "é", "e\u0301", "犬 🐕", "x" * 5000,
)  # fmt: skip
# every key of the models that can hold a text does, in one of these two
BASE = """
dataset: {name: mine, source: {kind: images, images: own/images, captions: [own/c.json],
  missing_images: refuse, truncated_images: refuse}}
cnn: {name: shufflenet_v2_x0_5, layer: pool, weights: own/w.safetensors}
labels: {instances: [own/i.json]}
paper: {datasets: [mine]}
encoders:
  odd: {spaces: [abstract], similarity: cosine, loss: {kind: infonce, temperature: 0.1}, abstract_weight: 0.5,
    retrieval: {abstract_pooling: mean, grounded_pooling: mean, word_embeddings: own}}
methods:
  full: {encoder: odd, loss: {kind: infonce, temperature: 0.1}, captioning: none, label: A row, colour: '#102030'}
  corr: {kind: correspondence, encoder: cosine, reconstructs: full, label: Corr-AE, colour: '#102030'}
  acmr: {kind: adversarial, encoder: odd, label: ACMR, colour: '#102030'}
  closed: {kind: cca, label: CCA, colour: '#102030'}
  foreign: {kind: embeddings, file: own/e.h5, label: CLIP, colour: '#102030'}
"""
CNN = "finetune: {methods: [full]}"
READY = "features: {file: own/f.h5}"
Place = tuple[str | int, ...]


def odd_texts(count: int, seed: int = 0) -> list[str]:
    """All of them, and `count` of several put together."""
    chance = random.Random(seed)
    return [
        *ODD,
        *(
            "".join(chance.choices([each for each in ODD if len(each) < 50], k=chance.randint(2, 4)))
            for _ in range(count)
        ),
    ]


def text_keys(annotation: Any, path: str = "") -> Iterator[str]:
    """Paths of the keys of a model that hold a text or a choice of texts; `{}` is a name that the user gives."""
    origin = get_origin(annotation)
    if annotation is str or (
        origin is Literal and any(isinstance(each, str) for each in get_args(annotation))
    ):
        yield path
    elif origin is Annotated:
        yield from text_keys(get_args(annotation)[0], path)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield from text_keys(field.annotation, f"{path}.{name}")
    elif origin is not Literal:
        for inner in get_args(annotation):
            yield from text_keys(inner, f"{path}.{{}}" if origin is dict else path)


def texts_of(value: Any, place: Place = ()) -> Iterator[Place]:
    """Places of all texts in a mapping."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts_of(inner, (*place, key))


def sections_of(value: Any, place: Place = ()) -> Iterator[Place]:
    """Places of all mappings in a mapping."""
    if isinstance(value, dict):
        yield place
        for key, inner in value.items():
            yield from sections_of(inner, (*place, key))


def at(value: Any, place: Place) -> Any:
    """The value at a place."""
    for key in place:
        value = value[key]
    return value


def with_text(value: dict[str, Any], place: Place, text: str) -> dict[str, Any]:
    """A copy with `text` at a place."""
    changed = copy.deepcopy(value)
    at(changed, place[:-1])[place[-1]] = text
    return changed


def with_key(value: dict[str, Any], place: Place, text: str) -> dict[str, Any]:
    """A copy with `text` as a key of the section at a place, with the value of its first key."""
    changed = copy.deepcopy(value)
    section = at(changed, place)
    section[text] = copy.deepcopy(next(iter(section.values())))
    return changed
