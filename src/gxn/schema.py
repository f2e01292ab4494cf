"""The whole configuration: files laid over one another, checked with messages that name the key."""

import collections
import functools
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from gxn import sections
from gxn.config import suggestion
from gxn.errors import GxnError
from gxn.evaluation.galleries import misfit
from gxn.similarities import named

# where the workflow puts what it downloads
RAW = Path("data/raw")
# of a scene, and of each image of the published datasets
CAPTIONS = 5
# a number to YAML 1.2 and JSON, text to the YAML 1.1 of PyYAML and Snakemake
EXPONENT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+")

# JSON takes 2.0 for an integer, but a step does not
Strict = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def read_config(
    path: Path, load: Callable[[str], Any] = yaml.safe_load, refusal: type[Exception] = yaml.YAMLError
) -> dict[str, Any]:
    """A configuration file, read by a YAML parser that raises `refusal`.

    Raises:
        GxnError: it cannot be read, holds nothing, is no mapping of keys, or has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        config = load(text)
        again = _given_again(yaml.compose(text, yaml.SafeLoader))
    except OSError as error:
        reason = error.strerror or error
        raise GxnError(f"{path}: cannot be read: {reason}; name files such as config/local.yaml") from error
    except (ValueError, RecursionError, yaml.YAMLError, refusal) as error:
        raise GxnError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not config:
        raise GxnError(f"{path}: holds nothing; give it keys such as `seeds: [0]`, or leave the file out")
    if not isinstance(config, dict):
        raise GxnError(
            f"{path}: must be a mapping of keys such as `seeds: [0]`, not a {type(config).__name__}"
        )
    if again:
        raise GxnError(f"{path}: {', '.join(again)}: given more than once, and only the last would count")
    return config


def _given_again(root: yaml.Node | None) -> list[str]:
    """Keys that stand more than once in one mapping, with their lines: YAML forbids it, PyYAML does not."""
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
            f"{key.value} (line {key.start_mark.line + 1})"
            for key, _ in node.value
            if isinstance(key, yaml.ScalarNode) and keys[key.value] > 1
        ]
        left += [value for _, value in node.value]
    return found


def overlay(below: MutableMapping[str, Any], above: Mapping[str, Any]) -> None:
    """Lay `above` over `below`, in place and as Snakemake does: mappings key by key, anything else whole."""
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), MutableMapping):
            overlay(below[key], value)
        else:
            below[key] = value


def is_fetched(path: str) -> bool:
    """Whether a path of the configuration is one that the workflow downloads to, rather than the user's."""
    return RAW in Path(path).parents


@functools.cache
def classifiers() -> list[str]:
    """torchvision's classification models, read from its source: to import it takes seconds."""
    folder = Path(find_spec("torchvision").origin).with_name("models")
    registered = re.compile(r"^@register_model\(\)\n(?:@.*\n)*def (\w+)", re.MULTILINE)
    return [
        name for path in sorted(folder.glob("*.py")) for name in registered.findall(path.read_text("utf-8"))
    ]


def check(config: dict[str, Any], schema: Path, source: str) -> None:
    """Check a configuration, in which text that spells a number or null, where one is wanted, first becomes it.

    Such text comes from YAML 1.1 (`2e-05`) and from Snakemake's command line (`--config 'xe={epochs: 9}'`).

    Args:
        config: the merged configuration; changed in place.
        schema: a YAML file with a JSON schema.
        source: the files it came from, for the message.

    Raises:
        GxnError: names every key that is unknown, missing or wrong, one a line.
    """
    validator = Strict(yaml.safe_load(schema.read_text(encoding="utf-8")))
    try:
        _read_text(config, validator)
        found = sorted(validator.iter_errors(config), key=lambda error: list(map(str, error.absolute_path)))
        problems = [*dict.fromkeys(line for error in found for line in _lines(error)), *_endless(config)]
    except RecursionError:
        problems = ["a key contains itself, by an anchor (&) and its alias (*)"]
    problems = problems or _references(config)
    if problems:
        raise GxnError("\n".join(f"{source}: {problem}" for problem in problems))


def _read_text(config: dict[str, Any], validator: Any) -> None:
    """Put what it spells in the place of text that may not stand there, if that is of a type that may."""
    for error in list(validator.iter_errors(config)):
        # `not`: the schema refuses the text "null" where null may stand as well as text
        if error.validator not in ("type", "not") or not isinstance(error.instance, str):
            continue
        try:
            value = yaml.safe_load(error.instance)
        except (yaml.YAMLError, ValueError):
            continue
        if isinstance(value, str) and EXPONENT.fullmatch(value):
            value = float(value)
        wanted = error.schema["type"]
        if any(validator.is_type(value, each) for each in ([wanted] if isinstance(wanted, str) else wanted)):
            *sections, key = error.absolute_path
            functools.reduce(operator.getitem, sections, config)[key] = value


def _endless(value: Any, where: str = "") -> Iterator[str]:
    """Numbers that are none or infinite: YAML has them, and no bound of the schema stops NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{where}: must be a finite number, not {value}"
    items = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, each in items:
        yield from _endless(each, f"{where}.{key}" if where else str(key))


def _lines(error: ValidationError) -> list[str]:
    where = ".".join(map(str, error.absolute_path))
    prefix = f"{where}." if where else ""
    if error.validator == "additionalProperties" and isinstance(error.validator_value, bool):
        known = error.schema.get("properties", {})
        unknown = [key for key in error.instance if key not in known]
        return [f"{prefix}{key}: unknown key{suggestion(key, known)}" for key in unknown]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return [f"{prefix}{key}: is missing" for key in missing]
    if error.validator == "pattern":
        name = f"{error.instance!r} is no name: letters, digits and _ only, the first no _"
        return [f"{where or 'the configuration'}: {name}"]
    return [f"{where or 'the configuration'}: {error.message}"]


def _references(config: Mapping[str, Any]) -> list[str]:
    """What a schema cannot say: keys that name other keys, and numbers that must suit each other."""
    problems = []
    rows = sections.rows(config)
    if not rows:
        problems.append("methods: every row is null; keep at least one")
    if config["significance"]["control"] not in rows:
        problems.append(
            f"significance.control: no row {config['significance']['control']!r} among the methods"
        )
    for name, method in rows.items():
        encoder = config["encoders"].get(method["encoder"])
        if encoder is None:
            known = ", ".join(config["encoders"])
            problems.append(f"methods.{name}.encoder: no encoder {method['encoder']!r}; there are {known}")
        elif "grounded" not in encoder["spaces"] and sections.imagines(method):
            problems.append(
                f"methods.{name}: imagines, but encoders.{method['encoder']} has no grounded space"
            )
    for name in sorted({row["encoder"] for row in rows.values()} & set(config["encoders"])):
        section = sections.encoder(config, name)
        if not named(section["similarity"]).order and not section["normalise"]:
            problems.append(
                f"encoders.{name}: a cosine is of normalised embeddings; set retrieval.normalise for this encoder"
            )
    if not config["captioning"]["reward_cider_d"] and not config["captioning"]["reward_bleu_4"]:
        problems.append("captioning: reward_cider_d and reward_bleu_4 are both 0; give one a weight")
    for name, row in rows.items():
        rate = sections.joint(config, row)["ground_text_rate"]
        if row["drawing"] and config["drawing"]["discriminator_grounds"] and not rate:
            problems.append(
                f"drawing.discriminator_grounds: would move the text encoder of {name} at joint.ground_text_rate, "
                "which is 0; raise it"
            )
    for section, key in (("dataset", "images"), ("dataset", "captions"), ("cnn", "weights")):
        if set("{}\n") & set(config[section][key] or ""):
            problems.append(
                f"{section}.{key}: Snakemake takes braces for wildcards; give it a path without any"
            )
    for name in config["finetune"]["methods"]:
        if name not in rows:
            problems.append(f"finetune.methods: no row {name!r} among the methods")
        if f"{name}_ft" in rows:
            problems.append(f"methods.{name}_ft: is the name of the row that finetune makes of {name}")
    if config["training"]["batch"] % config["finetune"]["processes"]:
        problems.append(
            f"finetune.processes: {config['finetune']['processes']} cannot share training.batch evenly"
        )
    if config["drawing"]["batch"] > config["training"]["batch"]:
        problems.append(f"drawing.batch: more than training.batch ({config['training']['batch']})")
    if config["dataset"]["source"] != "scenes" and config["cnn"]["weights"] is None:
        problems.append("cnn.weights: name a safetensors file of this CNN; only scenes pretrain their own")
    if config["cnn"]["name"] not in classifiers():
        problems.append(
            f"cnn.name: torchvision has no classification model {config['cnn']['name']!r}"
            f"{suggestion(config['cnn']['name'], classifiers())}"
        )
    features = config["features"]
    if features["resize"] is not None and features["resize"] < features["crop"]:
        problems.append(
            f"features.resize: {features['resize']} is smaller than features.crop, {features['crop']}; "
            "raise it"
        )
    scenes = config["dataset"]["source"] == "scenes"
    if scenes and features["resize"] is None and config["scenes"]["size"] < features["crop"]:
        problems.append(
            f"features.crop: {features['crop']} is larger than scenes.size, {config['scenes']['size']}; lower it"
        )
    captions = CAPTIONS * config["scenes"]["train"]
    if scenes and captions < config["training"]["batch"]:
        problems.append(
            f"training.batch: {config['training']['batch']} is more than the {captions} captions of the training "
            "split; lower it"
        )
    pretrain = config["cnn"]["pretrain"]
    if config["cnn"]["weights"] is None and pretrain["batch"] > pretrain["images"]:
        problems.append(f"cnn.pretrain.batch: more than cnn.pretrain.images ({pretrain['images']})")
    test = ((config["scenes"] if scenes else config["dataset"]["expect"]) or {}).get("test")
    found = [misfit(protocol, test) for protocol in config["evaluate"]["protocols"] if test is not None]
    problems += [f"evaluate.protocols: {problem}" for problem in found if problem]
    return problems
