"""Set params.yaml and dvc.yaml to a configuration, so that DVC versions what it makes.

    uv run python workflow/configure.py config/local.yaml [more.yaml ...]

Overlays params.yaml with the files, as --configfile would for one run, keeping its comments; rows set
to null go. Then puts the lines of dvc.yaml that end in `# if: NAME` in or out, as the configuration has it.
Without a file only the second is done, after an edit of params.yaml by hand.
"""

import re
import sys
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from gxn.schema import check, is_fetched, overlay, read_config

# what DVC itself reads and writes params.yaml with: comments and order stay
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gxn import sections
from gxn.errors import GxnError
from gxn.files import write_text

CONDITIONAL = re.compile(r"^(?P<indent> *)(?:# )?(?P<line>- .*  # if: (?P<name>\w+))$", re.MULTILINE)
ROOT = Path(__file__).parents[1]


def conditions(config: Mapping[str, Any]) -> dict[str, bool]:
    """What the lines of dvc.yaml may depend on, and whether it holds."""
    dataset, weights = config["dataset"], config["cnn"]["weights"]
    rows = sections.rows(config).values()
    captioning = {row["captioning"] for row in rows}
    drawing = any(row["drawing"] for row in rows)
    imagining = any(map(sections.imagines, rows))
    finetuned = bool(config["finetune"]["methods"])
    own_weights = weights is not None and not is_fetched(weights)
    return {
        "scenes": dataset["source"] == "scenes",
        "photographs": dataset["source"] != "scenes",
        "own_captions": dataset["source"] != "scenes" and not is_fetched(dataset["captions"]),
        "trained_cnn": weights is None,
        "own_weights": own_weights,
        "captioning": captioning != {"none"},
        "cross_entropy": "xe" in captioning,
        "self_critical": "mix" in captioning,
        "drawing": drawing,
        "imagining": imagining,
        "finetuned": finetuned,
        "finetuned_scenes": finetuned and dataset["source"] == "scenes",
        "finetuned_trained_cnn": finetuned and weights is None,
        "finetuned_own_weights": finetuned and own_weights,
        "imagining_or_finetuned": finetuned or imagining,
        "plain": not all(map(sections.imagines, rows)),
    }


def adapt(text: str, holds: Mapping[str, bool]) -> str:
    """The text of dvc.yaml with its conditional lines put in, or out as comments.

    Raises:
        GxnError: a line names a condition that does not exist.
    """

    def line(match: re.Match[str]) -> str:
        if match["name"] not in holds:
            raise GxnError(f"dvc.yaml: no condition {match['name']!r}; there are {', '.join(holds)}")
        return f"{match['indent']}{'' if holds[match['name']] else '# '}{match['line']}"

    return CONDITIONAL.sub(line, text)


def main() -> None:
    """Overlay params.yaml with the files named, check it, and adapt dvc.yaml."""
    yaml = YAML()
    yaml.representer.add_representer(
        type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    yaml.preserve_quotes = True
    yaml.width = 4096
    params, pipeline = ROOT / "params.yaml", ROOT / "dvc.yaml"
    config = read_config(params, yaml.load, YAMLError)
    for path in sys.argv[1:]:
        overlay(config, read_config(Path(path), yaml.load, YAMLError))
    check(config, ROOT / "workflow/schemas/params.schema.yaml", " + ".join(["params.yaml", *sys.argv[1:]]))
    for name in [name for name, row in config["methods"].items() if row is None]:
        del config["methods"][name]
    adapted, written = adapt(pipeline.read_text(encoding="utf-8"), conditions(config)), StringIO()
    yaml.dump(config, written)
    # in this order: where only the first is done, a call without files does the second
    if sys.argv[1:]:
        write_text(params, written.getvalue())
    write_text(pipeline, adapted)


if __name__ == "__main__":
    try:
        main()
    except GxnError as error:
        sys.exit(f"error: {error}")
