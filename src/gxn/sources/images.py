"""Your own captioned photographs, or precomputed features: captions of any layout, and a folder of images."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from gxn import cli
from gxn.configuration.section import (
    Count,
    FilePath,
    NullFromText,
    OptionalPath,
    Section,
    Seed,
    list_of,
    number,
)
from gxn.errors import GxnError
from gxn.sources._source import Counts, Order, Source

if TYPE_CHECKING:
    from gxn.datasets.images import ImageSource

SplitShare = number(float, gt=0, le=0.5)
Paths = Annotated[
    list_of(FilePath, 1), BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]


class ExpectedCounts(Section):
    """Required numbers: images of each split, and captions of each image outside the training split."""

    train: Count
    val: Count
    test: Count
    captions: Count


class Parameters(Source):
    """Photographs, or precomputed features, with captions."""

    captions: Paths = Field(
        description="File of the captions in any layout, a list of them, or a folder with a text file beside each "
        "picture; relative paths count from the repository"
    )
    images: OptionalPath = Field(
        description="Folder of the photographs; null: there are none, and features.file names their features"
    )
    missing_images: Literal["refuse", "skip"] = Field(
        "refuse",
        description="Captions of images that are not there, or have no precomputed features, are an error; skip: "
        "they are left out",
    )
    val_share: SplitShare = Field(
        0.1, description="Share of all images that become the validation split where the captions name none"
    )
    test_share: SplitShare = Field(
        0.1, description="Share of all images that become the test split where the captions name none"
    )
    split_seed: Seed = Field(0, description="Seed of the draw of missing splits")
    expected_counts: Annotated[ExpectedCounts | None, NullFromText] = Field(
        None, description="Counts that there must be, {train, val, test, captions}; null: whatever there is"
    )
    truncated_images: Literal["refuse", "keep"] = Field(
        "refuse", description="Photographs cut short are an error; keep: their lost end stays grey"
    )

    def captions_files(self) -> tuple[str, ...]:
        """Return the configured caption files."""
        return self.captions

    def images_folder(self) -> str | None:
        """Return the configured folder of photographs."""
        return self.images

    def counts(self) -> Counts | None:
        """Return the expected numbers, if the configuration has any."""
        expected = self.expected_counts
        if expected is None:
            return None
        return Counts(expected.train, expected.val, expected.test, expected.captions * expected.train)


class Fault(NamedTuple):
    """The fault of an image, if it has one, and whether it can be read once its missing end is filled in."""

    problem: str = ""
    cut: bool = False


def make(parameters: Parameters, order: Order) -> None:
    """Check the captions, open every image, and write captions and what was decided.

    Raises:
        GxnError: names what is missing, empty, doubled or unreadable.
    """
    from gxn.datasets.captions import write_captions
    from gxn.datasets.karpathy import reworded
    from gxn.datasets.splits import describe
    from gxn.datasets.tokenisers import tokeniser
    from gxn.files import write_json

    dataset, record = read(parameters, order)
    for line in [*_of_files(record), *describe(record)]:
        if line.startswith("warning: "):
            cli.warn(line.removeprefix("warning: "))
        else:
            print(line, flush=True)
    if parameters.images:
        _open_all(parameters, dataset["images"])
    if others := reworded(dataset["images"], tokeniser(order.tokeniser)):
        cli.warn(
            f"{_named(parameters)}: in {len(others)} captions, the first {others[0]}, `tokens` are not the words "
            "of `raw`. The tokens are what is learnt: remove them where you edited `raw`"
        )
    if order.split is not None:
        write_json(order.split, record)
    write_captions(order.captions, order.name, dataset["images"])


def read(parameters: Parameters, order: Order) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the captions and complete ids and splits; no image is opened.

    Returns:
        What `captions.json` holds; and the record of what was decided (gxn.datasets.splits.complete), with the
        layouts of the files, the images that are missing and the number of images without a caption.

    Raises:
        GxnError: as `make`.
    """
    from gxn.datasets.downloads import where_to_ask
    from gxn.datasets.karpathy import normalise
    from gxn.datasets.layouts import read_captions_file
    from gxn.datasets.splits import SplitShares, complete
    from gxn.datasets.tokenisers import tokeniser

    folder = Path(parameters.images) if parameters.images else None
    if folder is not None and not folder.exists():
        raise GxnError(f"{folder}: no such folder of images{where_to_ask(order.name)}")
    found = read_captions_file(list(map(Path, parameters.captions)), folder, parameters.missing_images)
    rows, without = found.rows, []
    if order.features is not None:
        rows, without = _with_features(parameters, rows, order.features)
    words = tokeniser(order.tokeniser)
    shares = SplitShares(parameters.val_share, parameters.test_share, parameters.split_seed)
    entries, decided = complete(rows, shares, folder.joinpath if folder else None, words)
    dataset = normalise(
        {"images": entries}, order.name, _named(parameters), parameters.expected_counts, words
    )
    files = {"layouts": found.layouts, "missing": found.missing, "without_features": without}
    return dataset, files | {"uncaptioned": found.uncaptioned} | decided


def _named(parameters: Parameters) -> str:
    return ", ".join(parameters.captions)


def _with_features(parameters: Parameters, rows: list, features: Path) -> tuple[list, list[str]]:
    """Captions whose images have precomputed features, and the names of images that have none."""
    from gxn.features.ready_files import without_features

    without = without_features(rows, features)
    if without and parameters.missing_images == "refuse":
        raise GxnError(
            f"{features}: has no features of {len(without)} images of the captions, such as {without[0]!r}; "
            "set dataset.source.missing_images: skip to leave them out"
        )
    absent = set(without)
    return [row for row in rows if row.image not in absent], without


def _of_files(record: dict[str, Any]) -> list[str]:
    """Lines about the content of the files; `describe` gives those about what was decided."""
    lines = [f"captions: {', '.join(dict.fromkeys(record['layouts']))}"]
    for key, what in (("missing", "not in the folder"), ("without_features", "without features")):
        if names := record[key]:
            lines.append(f"warning: {len(names)} images are {what} and left out, such as {names[0]!r}")
    if record["uncaptioned"]:
        lines.append(f"{record['uncaptioned']} images of the folder have no caption and are left out")
    return lines


def _open_all(parameters: Parameters, entries: list[dict[str, Any]]) -> None:
    """Decode every image, and mark those that are cut short and kept."""
    from gxn.datasets.images import open_images, prefetch
    from gxn.datasets.karpathy import raise_problems

    source = open_images(parameters.images)
    faults = prefetch(lambda entry: fault_of(source, entry), entries)
    problems = []
    for entry, fault in zip(entries, cli.progress(faults, len(entries), "images opened"), strict=True):
        if fault.cut and parameters.truncated_images == "keep":
            print(f"{entry['filename']}: is cut short; kept, with its missing end in grey", flush=True)
            entry["truncated"] = True
        elif fault.problem:
            hint = "; dataset.source.truncated_images: keep would fill its missing end in grey" * fault.cut
            problems.append(fault.problem + hint)
    raise_problems(problems)


def fault_of(source: ImageSource, entry: dict[str, Any]) -> Fault:
    """Decode one image of `captions.json`."""
    from gxn.datasets.captions import Record

    record = Record(entry["filename"], entry["imgid"], entry["split"], ())
    try:
        source.read(record)
        return Fault()
    except GxnError as error:
        problem = str(error)
    try:
        source.read(dataclasses.replace(record, truncated=True))
    except GxnError:
        return Fault(problem)
    return Fault(problem, cut=True)
