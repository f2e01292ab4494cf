"""Metrics files in the form that the step evaluate writes, made up."""

import json
from pathlib import Path
from typing import Any


def content(
    method: str = "vse0", seed: int | None = 0, scale: float = 1.0, protocol: str = "full", **provenance: str
) -> dict[str, Any]:
    """A metrics file."""
    i2t = {"r1": 10.0 * scale, "r5": 20.0 + (seed or 0), "r10": 30.3, "medr": 7.0, "meanr": 9.0, "mrr": 0.25}
    t2i = {"r1": 5.1, "r5": 15.0, "r10": 25.0 * scale, "medr": 11.0, "meanr": 20.0, "mrr": 0.125}
    numbers = {"i2t": i2t, "t2i": t2i, "images": 200, "captions": 1000, "tied": 0.0}
    numbers["rsum"] = sum(way[key] for way in (i2t, t2i) for key in ("r1", "r5", "r10"))
    return {
        "dataset": "scenes",
        "method": method,
        "seed": seed,
        "split": "test",
        "protocols": {protocol: numbers},
        "spaces": {},
        "provenance": {"config": f"config of {method}", "data": "data", "seed": seed} | provenance,
    }


def write(folder: Path, contents: Any) -> list[Path]:
    """Write the contents as 0.json, 1.json, ..."""
    paths = []
    for index, one in enumerate(contents):
        paths.append(folder / f"{index}.json")
        paths[-1].write_text(json.dumps(one))
    return paths
