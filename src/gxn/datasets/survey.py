"""Survey of a user's captioned images: their numbers and sizes, and how the captions are written."""

import collections
import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from PIL import Image

from gxn.datasets import tokenisers
from gxn.datasets.images import FORMATS, orientation
from gxn.datasets.layouts import find_captions, read_captions_file, table
from gxn.datasets.splits import SplitShares, complete, describe
from gxn.errors import GxnError
from gxn.features.ready_files import without_features
from gxn.regular import read_bytes, require_regular

SAMPLE = 2000  # images whose sizes are looked at, at even distances
HELD_OUT = 10  # every so many-th image of the training split measures the share of unknown words
TABLES = (".csv", ".tsv")
TURNED = (5, 6, 7, 8)  # EXIF's orientations that exchange width and height


@dataclass(frozen=True)
class ImageSizes:
    """Sizes of a sample of the images, upright, in pixels.

    Attributes:
        shorter, longer: their median sides.
        smallest: the smallest side of all.
        equal: whether all have one size.
        wide: share, 0 to 1, of images with one side more than twice the other.
        unreadable: messages about images that cannot be opened.
    """

    shorter: int
    longer: int
    smallest: int
    equal: bool
    wide: float
    unreadable: list[str]


@dataclass(frozen=True)
class Survey:
    """Findings of a survey of captioned images.

    Attributes:
        images: folder of the photographs; None: there are none.
        features: file or folder of precomputed features; None: there is none.
        captions: the caption files, and `layouts`, the name of each one's layout.
        missing: names of images that captions name and that are not there, or have no features.
        uncaptioned: images in the folder without a caption.
        counts: images of each split, as `gxn.datasets.splits.complete` makes them, and `captions` of `train`.
        decided: lines on ids, splits and equal images.
        tokeniser: words or characters, and `spaceless`, the share of sentences without spaces.
        words: different tokens of the training split.
        lengths: tokens of a training caption: median, 90th, 97th and 99.5th percentile.
        unknown: share of unknown words for each `min_count` from 1: the words of every tenth training image, each
            occurrence counted, that are not in the vocabulary of the other images.
        sizes: of the photographs; None: there are none.
    """

    images: Path | None
    features: Path | None
    captions: list[Path]
    layouts: list[str]
    missing: list[str]
    uncaptioned: int
    counts: dict[str, int]
    decided: list[str]
    tokeniser: str
    spaceless: float
    words: int
    lengths: tuple[int, int, int, int]
    unknown: tuple[float, ...]
    sizes: ImageSizes | None


def survey(
    images: Path | None,
    captions: Sequence[Path] | None = None,
    features: Path | None = None,
) -> Survey:
    """Survey captioned images.

    Args:
        images: folder of the photographs; None: there are features alone.
        captions: caption files; None: those found in the folder, or those of a `*_precomp` folder.
        features: file of precomputed features or `*_precomp` folder; None: there is none.

    Raises:
        GxnError: there are neither photographs nor features, no captions are found, or they cannot be read.
    """
    if images is None and features is None:
        raise GxnError("name a folder of photographs or a file of features")
    if captions is None:
        folder = images if images is not None else features
        with _named_columns([*folder.glob("*"), *folder.glob("*/*")]):
            captions = find_captions(folder)
    with _named_columns(captions):
        found = read_captions_file(captions, images, missing="skip")
    rows, missing = found.rows, found.missing
    if features is not None:
        without = without_features(rows, features)
        absent = set(without)
        rows = [row for row in rows if row.image not in absent]
        missing = missing + without
    entries, record = complete(rows, SplitShares(), images.joinpath if images is not None else None)
    training = [entry for entry in entries if entry["split"] == "train"]
    spoken = [sentence["raw"] for entry in training for sentence in entry["sentences"]]
    proposed = tokenisers.propose(spoken)
    tokens = _tokens(training, tokenisers.tokeniser(proposed))
    lengths = sorted(len(each) for of_image in tokens for each in of_image)
    return Survey(
        images=images,
        features=features,
        captions=list(captions),
        layouts=found.layouts,
        missing=missing,
        uncaptioned=found.uncaptioned,
        counts=record["splits"]["counts"] | {"captions": len(lengths)},
        decided=describe(record),
        tokeniser=proposed,
        spaceless=tokenisers.spaceless_share(spoken),
        words=len({token for of_image in tokens for each in of_image for token in each}),
        lengths=tuple(_percentile(lengths, share) for share in (0.5, 0.9, 0.97, 0.995)),
        unknown=tuple(unknown_shares(tokens, 5)),
        sizes=None if images is None else image_sizes([images / entry["filename"] for entry in entries]),
    )


@contextlib.contextmanager
def _named_columns(paths: Iterable[Path]) -> Iterator[None]:
    """Begin the message about captions that are not recognised with the tables whose columns have other names."""
    try:
        yield
    except GxnError as error:
        lines = []
        for path in sorted(path for path in paths if path.suffix.lower() in TABLES and path.is_file()):
            head = read_bytes(path, 1000)
            if not table.recognise(path, head):
                first = head.decode("utf-8-sig", errors="replace").partition("\n")[0].strip()
                lines.append(
                    f"{path}: begins with {first[:200]!r}; name the column of image files `image` there, "
                    "and that of captions `caption`"
                )
        raise GxnError("\n".join([*lines, str(error)])) from error


def _tokens(entries: list[dict], split: Callable[[str], list[str]]) -> list[list[list[str]]]:
    """Tokens of each caption of each image: those of the file, where it has them."""
    return [[each.get("tokens") or split(each["raw"]) for each in entry["sentences"]] for entry in entries]


def _percentile(ordered: Sequence[int], share: float) -> int:
    """The least value that at least `share` of the ordered values do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def unknown_shares(tokens: Sequence[Sequence[Sequence[str]]], most: int) -> list[float]:
    """Share of unknown words for each `min_count` from 1 to `most`, on every tenth image by the others' words.

    Args:
        tokens: tokens of each caption of each image.
        most: the largest `min_count`.
    """
    kept, held = collections.Counter(), collections.Counter()
    for at, of_image in enumerate(tokens):
        for each in of_image:
            (held if at % HELD_OUT == HELD_OUT - 1 else kept).update(each)
    total = max(1, held.total())
    return [
        sum(count for word, count in held.items() if kept[word] < least) / total
        for least in range(1, most + 1)
    ]


def image_sizes(paths: Sequence[Path]) -> ImageSizes:
    """Sizes of at most SAMPLE of the images, at even distances; only their headers are read."""
    count = min(len(paths), SAMPLE)
    sides, unreadable = [], []
    for path in (paths[at * len(paths) // count] for at in range(count)):
        try:
            sides.append(_sides(path))
        except GxnError as error:
            unreadable.append(str(error))
    if not sides:
        raise GxnError("\n".join(unreadable[:3]) + "\nnone of the images looked at can be opened")
    shorter, longer = ([function(each) for each in sides] for function in (min, max))
    return ImageSizes(
        shorter=round(median(shorter)),
        longer=round(median(longer)),
        smallest=min(shorter),
        equal=len(set(sides)) == 1,
        wide=sum(long > 2 * short for short, long in zip(shorter, longer, strict=True)) / len(sides),
        unreadable=unreadable,
    )


def _sides(path: Path) -> tuple[int, int]:
    """Width and height of an image in pixels, upright by its EXIF orientation."""
    require_regular(path)
    try:
        with Image.open(path, formats=FORMATS) as image:
            size = image.size
            turned = orientation(image) in TURNED
    except (OSError, SyntaxError, ValueError, RuntimeError, Image.DecompressionBombError) as error:
        raise GxnError(f"{path}: cannot be opened as an image: {error}") from error
    return size[::-1] if turned else size


def summary(found: Survey) -> str:
    """Text for the screen: the findings, with warnings of what the user should check."""
    lines = [f"captions: {_all(map(str, found.captions))}, {_all(found.layouts)}", *found.decided]
    if found.missing:
        where = "have no features" if found.features else "are not in the folder"
        lines.append(
            f"warning: {len(found.missing)} images of the captions {where}, such as {found.missing[0]!r}"
        )
    if found.uncaptioned:
        lines.append(f"{found.uncaptioned} images have no caption and are left out")
    half, ninety, _, _ = found.lengths
    counts = f"{found.words} different {found.tokeniser} in {found.counts['captions']} training captions"
    lines.append(f"{counts}, typically {half} to a caption, and at most {ninety} in nine of ten")
    lines.append(
        f"{found.unknown[0]:.1%} of the {found.tokeniser} of held-out images are in no other caption"
    )
    if found.spaceless:
        lines.append(f"{found.spaceless:.0%} of the sentences are written without spaces")
    lines += _on_sizes(found.sizes) if found.sizes else ["no photographs: nothing can be drawn"]
    return "\n".join(lines)


def _on_sizes(sizes: ImageSizes) -> list[str]:
    typical = f"{sizes.longer} x {sizes.shorter} pixels"
    lines = [f"photographs of {typical}" if sizes.equal else f"photographs, typically of {typical}"]
    lines[0] += f"; {sizes.wide:.0%} more than twice as long as wide" if sizes.wide else ""
    if sizes.unreadable:
        lines.append(f"warning: {len(sizes.unreadable)} cannot be opened, such as {sizes.unreadable[0]}")
    return lines


def _all(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
