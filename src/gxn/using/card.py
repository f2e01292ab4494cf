"""The card of an exported row: what it is, what it reaches beside chance, and what it must not be used for."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gxn import paths
from gxn.datasets.words import SPECIAL
from gxn.evaluation.metrics import DIRECTIONS, RECALLS, chance_i2t, chance_t2i
from gxn.files import read_json
from gxn.reporting import names
from gxn.reporting.tables import read_table
from gxn.using.model import Model
from gxn.using.results import Results, TrainedRow

WAYS = {"i2t": "sentences for an image", "t2i": "images for a sentence"}
USE = """```python
import gxn

model = gxn.load("path/to/this/folder")
photographs = model.index_folder("path/to/photographs")
for found in model.search("two people at a table", photographs, 5):
    print(found.score, found.name)
```

```
gxn search "two people at a table" --images path/to/photographs --model path/to/this/folder
```
"""


def card(results: Results, trained: TrainedRow, model: Model) -> str:
    """Write the card of a row as Markdown, with the figures of its results where they are there."""
    config, test = results.config, results.of("test")
    counts = {split: len(results.of(split)) for split in ("train", "val", "test")}
    skills = {"search": "finds images and sentences", "caption": "captions", "draw": "draws"}
    parts = [
        f"---\nlibrary_name: gxn\ntags: [gxn, image-text-retrieval]\ndatasets: [{model.dataset}]\n---",
        f"# {trained.label}, {model.dataset}, seed {model.seed}",
        f"A row of GXN (*Look, Imagine and Match*, CVPR 2018): it {', '.join(skills[s] for s in trained.skills)}. "
        f"It was trained on the dataset `{model.dataset}`: {counts['train']} images to train, {counts['val']} to "
        f"choose an epoch, {counts['test']} to test.",
        "## Use",
        USE.rstrip(),
        "## Figures",
        _retrieval(results, trained, test),
        _imagined(results, trained),
        "## Limits",
        _limits(model),
        "## Files",
        _files(model, config.cnn.name),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _retrieval(results: Results, trained: TrainedRow, test: list[Any]) -> str:
    path = results.path(paths.METRICS, method=trained.row, seed=trained.seed)
    if not path.is_file():
        return "The row has not been evaluated."
    protocols = read_json(path)["protocols"]
    protocol, own = next(iter(protocols.items()))
    mean = _mean(results, trained.row, protocol)
    chance = _chance(own, test)
    columns = ["this seed", *["mean over seeds"] * bool(mean), "by chance"]
    lines = [f"| search for | measure | {' | '.join(columns)} |", "|---|---|" + "---:|" * len(columns)]
    for way in DIRECTIONS:
        for k in RECALLS:
            values = [own[way][f"r{k}"], *([mean[f"{way}_r{k}"]] if mean else []), chance[way][k]]
            cells = " | ".join(f"{value:.1f}" for value in values)
            lines.append(f"| {WAYS[way]} | {names.NUMBERS[f'r{k}']}, % | {cells} |")
    seeds = f"; the mean is over {mean['seeds']} seeds" if mean else ""
    return (
        f"On the test split, {own['images']} images and {own['captions']} sentences (`{protocol}`){seeds}; "
        "nothing was chosen on it.\n\n" + "\n".join(lines)
    )


def _mean(results: Results, row: str, protocol: str) -> Mapping[str, Any] | None:
    """The row of the ablation table; None: it is not there yet, or is of this seed alone."""
    path = results.path(paths.table("ablation.csv"))
    wanted = (names.dataset(results.config.dataset.name, protocol), row)
    table = read_table(path) if path.is_file() else []
    found = [each for each in table if (each["dataset"], each["method"]) == wanted]
    return found[0] if found and int(found[0]["seeds"]) > 1 else None


def _chance(own: Mapping[str, Any], test: list[Any]) -> dict[str, dict[int, float]]:
    """Recalls of a random order; that of images assumes that every search is of as many images."""
    depth = max(RECALLS)
    counts = np.array([len(record.sentences) for record in test])
    share = int(own["images"]) / len(test)  # a protocol of folds searches a part at a time
    levels = {
        "t2i": chance_t2i(int(own["images"]), depth),
        "i2t": chance_i2t(counts[: max(1, round(len(test) * share))], depth),
    }
    return {way: {k: float(levels[way][k - 1]) for k in RECALLS} for way in DIRECTIONS}


def _imagined(results: Results, trained: TrainedRow) -> str:
    """Measures of captions and drawings that have a chance level."""
    path = results.path(paths.IMAGINED, method=trained.row, seed=trained.seed)
    if not path.is_file():
        return ""
    metrics = read_json(path)["metrics"]
    with_chance = [name for name in metrics if f"{name}_chance" in metrics]
    if not with_chance:
        return ""
    lines = ["| imagined | this seed | by chance |", "|---|---:|---:|"]
    lines += [f"| {name} | {metrics[name]:.3f} | {metrics[f'{name}_chance']:.3f} |" for name in with_chance]
    return "\n".join(lines)


def _limits(model: Model) -> str:
    known = len(model.vocabulary.words) - len(SPECIAL)
    lines = [
        f"- It knows {known} words, those of its training captions; others are read as unknown.",
        "- A score orders results; it is not a probability, and scores of two rows cannot be compared.",
        "- It learnt what its training data show and how they were captioned, with their biases.",
        "- The licence of the training images and of the CNN's weights holds for what is made of them.",
    ]
    lines += [f"- **{warning}.**" for warning in model.warnings]
    return "\n".join(lines)


def _files(model: Model, cnn: str) -> str:
    lines = [
        "- `model.safetensors`: the networks; loading it executes no code",
        "- `config.json`: what they are, and the hashes of the parts below, to which the model is bound",
        "- `vocabulary.json`: its words",
    ]
    if model.photographs is None:
        return "\n".join([*lines, "- no CNN: the row was trained on precomputed features"])
    lines.append(f"- `transform.json`, `cnn.safetensors`: how a photograph becomes features ({cnn})")
    return "\n".join([*lines, f"- SHA-256 of the CNN: `{model.photographs.sha256}`"])
