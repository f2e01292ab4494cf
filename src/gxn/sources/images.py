"""Your own photographs: a folder of images, and a JSON of their captions in the layout of the Karpathy splits."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field

from gxn import cli
from gxn.configuration.section import Count, FilePath, NullFromText, Section
from gxn.errors import GxnError
from gxn.sources._source import Counts, Source

if TYPE_CHECKING:
    from gxn.datasets.images import ImageSource


class ExpectedCounts(Section):
    """Images of each split, and captions of every image outside the training split, that there must be."""

    train: Count
    val: Count
    test: Count
    captions: Count


class Parameters(Source):
    """Photographs with captions."""

    images: FilePath = Field(
        description="Folder of the photographs; relative paths count from the repository"
    )
    captions: FilePath = Field(description="JSON of the captions, in the layout of the Karpathy splits")
    expected_counts: Annotated[ExpectedCounts | None, NullFromText] = Field(
        None, description="Counts that there must be, {train, val, test, captions}; null: whatever there is"
    )
    truncated_images: Literal["refuse", "keep"] = Field(
        "refuse", description="Photographs cut short are an error; keep: their lost end stays grey"
    )

    def captions_file(self) -> str:
        """As configured."""
        return self.captions

    def images_folder(self) -> str:
        """As configured."""
        return self.images

    def counts(self) -> Counts | None:
        """As expected, if anything is."""
        expected = self.expected_counts
        if expected is None:
            return None
        return Counts(expected.train, expected.val, expected.test, expected.captions * expected.train)


class Fault(NamedTuple):
    """What is wrong with an image, if anything, and whether it can be read with its missing end filled in."""

    problem: str = ""
    cut: bool = False


def make(parameters: Parameters, name: str, captions: Path, images: Path | None) -> None:
    """Check the captions, open every image, and write `captions`.

    Args:
        parameters: of the source.
        name: the dataset's name, written into `captions`.
        captions: JSON to write.
        images: is not used; the photographs stay where they are.

    Raises:
        GxnError: names what is missing, empty, doubled or unreadable.
    """
    from gxn.datasets.downloads import where_to_ask
    from gxn.datasets.images import open_images, prefetch
    from gxn.datasets.karpathy import normalise, raise_problems, reworded
    from gxn.files import read_json, write_json

    given = parameters.captions
    dataset = normalise(read_json(given), name, given, parameters.expected_counts)
    if not Path(parameters.images).exists():
        raise GxnError(f"{parameters.images}: no such folder of images{where_to_ask(name)}")
    source, entries = open_images(parameters.images), dataset["images"]
    faults = prefetch(lambda entry: fault_of(source, entry), entries)
    problems = []
    for entry, fault in zip(entries, cli.progress(faults, len(entries), "images opened"), strict=True):
        if fault.cut and parameters.truncated_images == "keep":
            print(f"{entry['filename']}: its end is missing; kept, the missing part grey", flush=True)
            entry["truncated"] = True
        elif fault.problem:
            hint = "; dataset.source.truncated_images: keep would fill its missing end in grey" * fault.cut
            problems.append(fault.problem + hint)
    raise_problems(problems)
    if others := reworded(entries):
        cli.warn(
            f"{given}: in {len(others)} captions, the first {others[0]}, `tokens` are not the words of `raw`. "
            "The tokens are what is learnt: remove them where you edited `raw`"
        )
    write_json(captions, dataset)
    counts = Counter(entry["split"] for entry in entries)
    sentences = sum(len(entry["sentences"]) for entry in entries)
    print(f"{name}: {dict(sorted(counts.items()))} images, {sentences} captions")


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
