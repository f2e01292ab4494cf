"""The default configuration with changes laid over it, for tests of any room."""

import copy
import os
from pathlib import Path
from typing import Any

import yaml

from gxn.configuration import yaml12
from gxn.configuration.files import check, overlay
from gxn.configuration.root import Configuration

ROOT = Path(__file__).parents[2]
# of other processes: they run the code beside these tests
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "src")}
PARAMS = yaml12.load((ROOT / "params.yaml").read_text("utf-8"))


def mapping(*changes: dict[str, Any]) -> dict[str, Any]:
    """Copy the keys of params.yaml, with `changes` laid over them in order."""
    merged = copy.deepcopy(PARAMS)
    for each in changes:
        overlay(merged, each)
    return merged


def configuration(*changes: dict[str, Any]) -> Configuration:
    """Make the configuration of params.yaml and `changes`; messages call it `mine.yaml`."""
    return check(mapping(*changes), "mine.yaml")


# as a parsed configuration has it: the name of a plug-in that has no parameters becomes its kind
RETRIEVAL = {
    key: {"kind": value} if key.endswith("_pooling") else value for key, value in PARAMS["retrieval"].items()
}
EXPECTED = {"train": 6000, "val": 1000, "test": 1000, "captions": 5}
PHOTOGRAPHS: dict[str, Any] = {
    "dataset": {
        "source": {"kind": "images", "images": "a", "captions": "b.json", "expected_counts": EXPECTED}
    },
    "cnn": {"weights": "c.safetensors"},
}


def config_files(folder: Path, *changes: dict[str, Any]) -> tuple[Path, Path]:
    """Write `changes` as a configuration file and return what `--config` takes: params.yaml and that file."""
    merged: dict[str, Any] = {}
    for each in changes:
        overlay(merged, copy.deepcopy(each))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(merged or {"device": "cpu"}, sort_keys=False), encoding="utf-8")
    return ROOT / "params.yaml", path
