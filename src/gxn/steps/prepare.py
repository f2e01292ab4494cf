"""Check a dataset of photographs with captions and write it as captions.json.

Reads a JSON file in the layout of the Karpathy splits, names what in it is missing, empty or doubled, then opens
every image it names, and names those that are missing or unreadable.
"""

import argparse
import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from gxn import cli
from gxn.config import parse
from gxn.datasets.captions import Record
from gxn.datasets.images import ImageSource, ahead, open_images
from gxn.datasets.karpathy import Expected, normalise, refuse, reworded
from gxn.datasets.sources import where_to_ask
from gxn.errors import GxnError
from gxn.files import read_json, write_json


def prepare(captions: Path, images: Path, name: str, expect: Any, truncated: str, out: Path) -> None:
    """Write `out` from the Karpathy JSON `captions` and the folder `images`."""
    expected = None if expect is None else parse(Expected, expect, "dataset.expect")
    dataset = normalise(read_json(captions), name, str(captions), expected)
    if not images.exists():
        raise GxnError(f"{images}: no such folder of images{where_to_ask(name)}")
    source, entries = open_images(images), dataset["images"]
    states = ahead(lambda entry: state_of(source, entry), entries)
    problems = []
    for entry, state in zip(entries, cli.progress(states, len(entries), "images opened"), strict=True):
        if state.cut and truncated == "keep":
            print(f"{entry['filename']}: its end is missing; kept, the missing part grey", flush=True)
            entry["truncated"] = True
        elif state.problem:
            kept = "; dataset.truncated: keep would fill its missing end in grey" if state.cut else ""
            problems.append(state.problem + kept)
    refuse(problems)
    if others := reworded(entries):
        print(
            f"{captions}: tokens are not the words of raw in {len(others)} captions, the first: {others[0]}. The "
            "tokens are what is learnt; where you edited raw, remove them",
            flush=True,
        )
    write_json(out, dataset)
    counts = Counter(entry["split"] for entry in entries)
    sentences = sum(len(entry["sentences"]) for entry in entries)
    print(f"{name}: {dict(sorted(counts.items()))} images, {sentences} captions")


class State(NamedTuple):
    """What is wrong with an image, if anything, and whether it can be read with its missing end filled in."""

    problem: str = ""
    cut: bool = False


def state_of(source: ImageSource, entry: dict[str, Any]) -> State:
    """Decode one image."""
    record = Record(entry["filename"], entry["imgid"], entry["split"], ())
    try:
        source.read(record)
        return State()
    except GxnError as error:
        problem = str(error)
    try:
        source.read(dataclasses.replace(record, truncated=True))
    except GxnError:
        return State(problem)
    return State(problem, cut=True)


def main() -> None:
    parser: argparse.ArgumentParser = cli.parser(__doc__)
    parser.add_argument(
        "--captions", type=Path, required=True, help="JSON in the layout of the Karpathy splits"
    )
    parser.add_argument("--images", type=Path, required=True, help="folder of the photographs")
    parser.add_argument("--name", required=True, help="the dataset's name")
    parser.add_argument(
        "--expect", type=cli.json_argument, help='{"train", "val", "test", "captions"} or null'
    )
    parser.add_argument("--truncated", choices=["refuse", "keep"], required=True, help="images cut short")
    parser.add_argument("--out", type=Path, required=True, help="captions.json to write")
    cli.run(prepare, parser)


if __name__ == "__main__":
    main()
