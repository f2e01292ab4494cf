"""A record of a study, made of the made-up results of `made_results`."""

import json
import shutil
from pathlib import Path

from made_results import METHODS, SEEDS, Results

ENCODERS = {"vse0": "cosine", "vsepp": "cosine", "order": "order"}
LABELS = {"two_space": "Two spaces", "vse0": "VSE0"}


def make_study(results: Results, folder: Path, **changes: object) -> Path:
    """Write the record of all rows into a folder, with `changes` of its about.json, and return that file."""
    folder.mkdir(parents=True)
    for kind in ("metrics", "ranks", "curves"):
        shutil.copytree(results.folder / kind, folder / kind)
    for place, method in enumerate(METHODS):
        for seed in SEEDS:
            if method.startswith("gxn"):
                measures = {"cider_d": 0.5 + 0.1 * place + 0.01 * seed, "cider_d_chance": 0.1}
                run = {
                    "dataset": "scenes",
                    "method": method,
                    "seed": seed,
                    "metrics": measures,
                    "warnings": [],
                }
                path = folder / f"imagined/{method}/seed{seed}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(run))
    lines = {"people": {"cider_d": 0.9}, "chance": {"cider_d": 0.1}}
    (folder / "imagined/lines.json").write_text(json.dumps({"dataset": "scenes", "lines": lines}))
    rows = {
        key: {
            "label": LABELS.get(key, key),
            "colour": None,
            "settings": {"encoder": ENCODERS.get(key, "two_space")},
        }
        for key in METHODS
    }
    (folder / "config.yaml").write_text("significance: {control: two_space}\n")
    about = {"dataset": "scenes", "rows": rows, "seeds": list(SEEDS), "training_images": 5000}
    about |= {"seconds": {"joint/two_space": 60.0, "prepare": 12.0}, "commit": "c" * 40}
    about |= {"configuration": "f" * 16, "data": "d" * 64}
    path = folder / "about.json"
    path.write_text(json.dumps(about | changes))
    return path
