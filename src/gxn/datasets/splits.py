"""Images with ids and splits from captions that have none, some or all of them, and a record of what was decided.

Missing ids are counted up. A missing test split, then a missing validation split, is drawn from the training
images by a configured share and seed. Images with equal files or equal first captions stay on one side, since a
test image that is in the training split, too, measures memory, not retrieval.
"""

import collections
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gxn.datasets.captions import SPLITS
from gxn.datasets.duplicates import equal_files, equal_keys, joined
from gxn.datasets.tokenisers import words
from gxn.errors import GxnError

if TYPE_CHECKING:
    from gxn.datasets.layouts._rows import Row

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training", "restval"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "development"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
SHOWN = 5  # examples in the record


@dataclass(frozen=True)
class SplitShares:
    """Settings of missing splits: shares of all images, each between 0 and 1, and the seed of the draw."""

    val: float = 0.1
    test: float = 0.1
    seed: int = 0


def complete(
    rows: Iterable["Row"],
    shares: SplitShares,
    files: Callable[[str], Path] | None = None,
    words: Callable[[str], Sequence[str]] = words,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Group captions by image and complete ids and splits.

    Args:
        rows: captions, as `gxn.datasets.layouts.read_captions_file` gives them.
        shares: share of validation and test images where there are none, and the seed.
        files: path of an image, for finding equal files; None: there are no files.
        words: tokens of a caption, by which first captions are compared.

    Returns:
        Images in the layout of the Karpathy splits, in the order of their first captions, which
        `gxn.datasets.karpathy.normalise` takes as `{"images": ...}`; and the record of what was decided, in JSON
        types, which `describe` puts into words.

    Raises:
        GxnError: a split has an unknown name, one image has two splits or two ids, or the images are too few.
    """
    images = _grouped(rows)
    record: dict[str, Any] = {
        "images": len(images),
        "captions": sum(len(each["sentences"]) for each in images),
    }
    record["ids"] = {"imgid": _count_up(images, "imgid")}
    record["ids"]["sentid"] = _count_up([each for image in images for each in image["sentences"]], "sentid")
    for image in images:
        for sentence in image["sentences"]:
            sentence["imgid"] = image["imgid"]
        image["sentids"] = [sentence["sentid"] for sentence in image["sentences"]]
    firsts = [" ".join(words(image["sentences"][0]["raw"])) for image in images]
    equal = {
        "files": equal_files([files(image["filename"]) for image in images]) if files else [],
        "first_captions": equal_keys(firsts),
    }
    record["splits"] = _complete_splits(images, equal, shares)
    record["equal"] = {kind: _across(groups, images) for kind, groups in equal.items()}
    return images, record


def _grouped(rows: Iterable["Row"]) -> list[dict[str, Any]]:
    """Images with their captions, without ids and splits where the rows have none."""
    images: dict[str, dict[str, Any]] = {}
    for row in rows:
        image = images.get(row.image)
        if image is None:
            image = images[row.image] = {"filename": row.image, "imgid": None, "split": None, "sentences": []}
        for key in ("imgid", "split"):
            value = getattr(row, key)
            if value is not None and image[key] not in (None, value):
                raise GxnError(f"{row.image}: {key}: is {image[key]!r} and {value!r}; an image has one {key}")
            image[key] = image[key] if value is None else value
        sentence = {"raw": row.text, "sentid": row.sentid}
        image["sentences"].append(sentence if row.tokens is None else sentence | {"tokens": row.tokens})
    return list(images.values())


def _count_up(entries: list[dict[str, Any]], key: str) -> int:
    """Give ids, counted on from the largest, to entries that have none; returns how many."""
    given = [entry[key] for entry in entries if entry[key] is not None]
    next_id = max(given, default=-1) + 1
    for entry in entries:
        if entry[key] is None:
            entry[key], next_id = next_id, next_id + 1
    return len(entries) - len(given)


def _complete_splits(
    images: list[dict[str, Any]], equal: Mapping[str, list[list[int]]], shares: SplitShares
) -> dict[str, Any]:
    """Rename given splits, put images without one into `train`, and draw the splits that are missing."""
    given = collections.Counter(image["split"] for image in images if image["split"] is not None)
    unknown = [name for name in given if name.strip().lower() not in SPLIT_NAMES]
    if unknown:
        raise GxnError(f"split: unknown name {unknown[0]!r}; known: {', '.join(SPLIT_NAMES)}")
    without = len(images) - given.total()
    renamed = {name: SPLIT_NAMES[name.strip().lower()] for name in given}
    groups = joined(len(images), [group for kind in equal.values() for group in kind])
    for group in groups:
        known = [renamed[images[row]["split"]] for row in group if images[row]["split"] is not None]
        for row in group:
            split = images[row]["split"]
            # an image without a split goes where an equal one is; to train, where equal ones are on many sides
            images[row]["split"] = renamed[split] if split else known[0] if len(set(known)) == 1 else "train"
    made = {}
    absent = [split for split in ("test", "val") if all(image["split"] != split for image in images)]
    for at, split in enumerate(absent):
        made[split] = _draw(images, groups, split, getattr(shares, split), shares.seed, len(absent) - at)
    counts = collections.Counter(image["split"] for image in images)
    if not counts["train"]:
        raise GxnError(
            "split: no image is in train; give training images, or remove the splits to have them drawn"
        )
    return {
        "counts": {split: counts[split] for split in SPLITS},
        "renamed": {name: split for name, split in sorted(renamed.items()) if name != split},
        "given": {name: given[name] for name in sorted(given)},
        "without": without,
        "made": made,
        "settings": asdict(shares),
    }


def _draw(
    images: list[dict[str, Any]], groups: list[list[int]], split: str, share: float, seed: int, splits: int
) -> dict[str, int]:
    """Move about `share` of all images from `train` to `split`, whole groups of equal images at a time.

    The order of the draw is that of a hash of the seed and the image's name, so it depends neither on the order
    of the file nor much on what images are added. A group larger than what is still wanted stays in `train`, as
    the largest group does; of the others, `splits` splits that are still to be drawn get equal parts at most.

    Returns:
        How many images were `wanted` and how many were `drawn`.
    """

    def key(group: list[int]) -> bytes:
        name = min(images[row]["filename"] for row in group)
        return hashlib.sha256(f"{seed}/{split}/{name}".encode()).digest()

    movable = [group for group in groups if all(images[row]["split"] == "train" for row in group)]
    sizes = [len(group) for group in movable]
    wanted, drawn = max(1, round(share * len(images))), 0
    limit = min(wanted, (sum(sizes) - max(sizes, default=0)) // splits)
    for group in sorted(movable, key=key):
        if drawn + len(group) <= limit:
            drawn += len(group)
            for row in group:
                images[row]["split"] = split
    if not drawn:
        raise GxnError(
            f"split: {len(images)} images, of which {len(groups)} differ in file and first caption, are too few "
            f"to draw a {split} split; at least three that differ are needed"
        )
    return {"wanted": wanted, "drawn": drawn}


def _across(groups: list[list[int]], images: list[dict[str, Any]]) -> dict[str, Any]:
    """Count the images that are equal to others, and their groups that lie in several splits."""
    sides = [sorted({images[row]["split"] for row in group}, key=SPLITS.index) for group in groups]
    across = [group for group, names in zip(groups, sides, strict=True) if len(names) > 1]
    pairs = collections.Counter("/".join(names) for names in sides if len(names) > 1)
    examples = [
        [f"{images[row]['filename']} ({images[row]['split']})" for row in group[:3]] for group in across
    ]
    return {
        "images": sum(map(len, groups)),
        "groups": len(groups),
        "across_splits": dict(sorted(pairs.items())),
        "examples": examples[:SHOWN],
    }


def describe(record: Mapping[str, Any]) -> list[str]:
    """Lines that say what `complete` decided; the user should check those that begin with `warning:`."""
    splits, shares = record["splits"], record["splits"]["settings"]
    counts = ", ".join(f"{count} {split}" for split, count in splits["counts"].items())
    lines = [f"{record['images']} images ({counts}), {record['captions']} captions"]
    lines += [
        f"{count} {kind}s were missing and are assigned in order"
        for kind, count in record["ids"].items()
        if count
    ]
    lines += [f"split {name!r} is taken as {split}" for name, split in splits["renamed"].items()]
    if splits["without"] and splits["given"]:
        lines.append(f"{splits['without']} images had no split: to train, or to where an equal image is")
    for split, made in splits["made"].items():
        how = f"drawn from train (share {shares[split]:g}, seed {shares['seed']})"
        lines.append(f"no image was in {split}: {made['drawn']} are {how}")
        if 2 * made["drawn"] < made["wanted"]:
            lines.append(f"warning: {made['wanted']} were wanted for {split}, but too many images are equal")
    names = {"files": "equal files", "first_captions": "equal first captions"}
    for kind, found in record["equal"].items():
        if found["images"]:
            lines.append(f"{found['images']} images have {names[kind]}, in {found['groups']} groups")
        if found["across_splits"]:
            pairs = ", ".join(f"{count} between {pair}" for pair, count in found["across_splits"].items())
            example = " = ".join(found["examples"][0])
            lines.append(f"warning: {names[kind]} occur in several given splits ({pairs}), such as {example}")
    return lines
