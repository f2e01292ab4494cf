"""A configuration that suits the size of a user's data, as commented YAML.

Lengths of training are numbers of updates with a floor and a ceiling, from which epochs follow; the batch is
bounded by the number of captions; widths and rows grow with the data.
"""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gxn.commented_yaml import Setting
from gxn.datasets.sizes import LENGTHS, SIZES
from gxn.datasets.survey import Survey

ROWS = (
    *("vse0", "vsepp", "order", "abstract", "two_space"),
    *("gxn_i2t_xe", "gxn_i2t_mix", "gxn_t2i", "gxn_i2t_t2i"),
)
Value = tuple[str, Any, str]  # a key of the configuration, a value and its reason
DRAWING_ROWS = ("gxn_t2i", "gxn_i2t_t2i")
QUICK = ("vsepp", "two_space", "gxn_i2t_xe", "gxn_t2i")  # without a card: one row of each kind
LEAST_UPDATES = 16  # in an epoch, where the data allow batches of eight
MORE_UNKNOWN = 0.02  # what a larger min_count may add to the share of unknown words
MOST_COUNT = 4  # VSE++
LEAST_GENERATIVE = 150  # training images below which no row imagines


def propose(
    found: Survey, name: str, cuda: bool, cnn: str, weights: Path, relative_to: Path
) -> list[Setting]:
    """Settings for the data of a survey.

    Args:
        found: what the data are.
        name: the dataset's name: letters, digits and _.
        cuda: whether there is a card: without one batches of the CNN are small, and there is one seed.
        cnn: a torchvision classification model, and `weights`, its safetensors file; unused with precomputed
            features.
        relative_to: folder that paths are written relative to, where they are below its parent.
    """
    captions = found.counts["captions"]
    size = next(each for each in SIZES if captions <= each.captions)
    values = [
        ("seeds", [0, 1, 2] if cuda else [0], "runs of every row; one has no p value"),
        ("dataset.name", name, "folder under data/ and results/"),
        (
            "dataset.gan_image_size",
            size.gan_image_size,
            "pixels; small pictures are learnt from fewer images",
        ),
        *_on_source(found, relative_to),
        *_on_words(found),
        *_on_features(found, cuda, cnn, weights, relative_to),
        *((f"model.{key}", value, "") for key, value in size.widths.items()),
        *_on_lengths(captions, batch_size(captions, found.counts["train"]), cuda),
        *((key, value, "") for key, value in (size.rates | size.others).items()),
    ]
    if found.counts["val"] > 1000:
        values.append(("training.val_subset", 1000, "validation images that choose an epoch (VSE++)"))
    rows, reason = _rows(found, cuda)
    left_out = {row: None for row in ROWS if row not in rows}
    if left_out:
        values.append(("methods", left_out, reason))
    return [Setting(*value) for value in values]


def _on_source(found: Survey, relative_to: Path) -> list[Value]:
    paths = [_written(path, relative_to) for path in found.captions]
    values: list[Value] = [
        ("dataset.source.kind", "images", ""),
        (
            "dataset.source.images",
            _written(found.images, relative_to),
            "" if found.images else "no photographs: no row draws",
        ),
        (
            "dataset.source.captions",
            paths[0] if len(paths) == 1 else paths,
            ", ".join(dict.fromkeys(found.layouts)),
        ),
    ]
    if found.missing:
        count = f"{len(found.missing)} images of the captions are not there; refuse: stop with their names"
        values.append(("dataset.source.missing_images", "skip", count))
    return values


def batch_size(captions: int, images: int) -> int:
    """Pairs in a batch: a power of two, at most 128, that leaves 16 updates an epoch and half of the images.

    It is never larger than the number of captions, which is at least 2.
    """
    most = min(captions // LEAST_UPDATES, images // 2, 128)
    batch = 1 << max(3, most.bit_length() - 1)
    while batch > max(2, captions):
        batch //= 2
    return batch


def min_count(unknown: Iterable[float]) -> int:
    """The largest `min_count` up to 4 that adds at most two points to the share of unknown words."""
    shares = list(unknown)[:MOST_COUNT]
    return max(at + 1 for at, share in enumerate(shares) if share <= shares[0] + MORE_UNKNOWN)


def _rows(found: Survey, cuda: bool) -> tuple[list[str], str]:
    """Rows of the table that the data and the machine suffice for, and why the others are left out."""
    train = found.counts["train"]
    if train < LEAST_GENERATIVE:
        return [
            "vse0",
            "vsepp",
            "two_space",
        ], f"{train} training images are too few to learn captions or drawings"
    rows = [row for row in (ROWS if cuda else QUICK) if found.images is not None or row not in DRAWING_ROWS]
    return rows, "null: left out; remove the name to have the row" if cuda else "null: left out, to be quick"


def _on_words(found: Survey) -> list[Value]:
    least = min_count(found.unknown)
    unknown = found.unknown[least - 1]
    _, _, most_lengths, all_lengths = found.lengths
    spaces = f"{found.spaceless:.0%} of the sentences are written without spaces"
    return [
        ("vocabulary.tokeniser", found.tokeniser, spaces),
        ("vocabulary.min_count", least, f"{unknown:.1%} of the words of held-out images are then unknown"),
        (
            "vocabulary.max_length",
            max(8, all_lengths),
            f"{found.tokeniser} kept of a caption: all of 995 in 1000",
        ),
        ("captioning.max_length", max(8, most_lengths) + 1, "of a decoded caption, end included: 97 in 100"),
    ]


def _on_features(found: Survey, cuda: bool, cnn: str, weights: Path, relative_to: Path) -> list[Value]:
    if found.features is not None:
        return [("features.file", _written(found.features, relative_to), "in place of a CNN")]
    assert found.sizes is not None
    sizes = found.sizes
    as_they_are = sizes.equal and sizes.shorter == sizes.longer == 224
    how = f"shorter side; they are typically {sizes.longer} x {sizes.shorter}"
    how += f", and of {sizes.wide:.0%} the centre crop sees less than half" if sizes.wide else ""
    return [
        ("cnn.name", cnn, ""),
        ("cnn.layer", "pool", ""),
        ("cnn.weights", _written(weights, relative_to), ""),
        (
            "features.resize",
            None if as_they_are else 256,
            "they have 224 pixels already" if as_they_are else how,
        ),
        ("features.crop", 224, ""),
        ("features.batch_size", 128 if cuda else 4, "crops at once" if cuda else "few are quicker on a CPU"),
    ]


def _on_lengths(captions: int, batch: int, cuda: bool) -> list[Value]:
    per_epoch = max(1, captions // batch)
    lengths = {key: length.epochs(captions, batch) for key, length in LENGTHS.items()}
    return [
        ("training.batch_size", batch, f"pairs: {per_epoch} updates in an epoch of {captions} captions"),
        ("drawing.batch_size", min(batch, 128 if cuda else 32), "pairs of them that are drawn"),
        *((key, epochs, f"{epochs * per_epoch} updates") for key, epochs in lengths.items()),
        (
            "joint.lr_decay_epoch",
            max(1, lengths["joint.epochs"] * 2 // 3),
            "a tenth of the rates from this epoch on",
        ),
    ]


def _written(path: Path | None, relative_to: Path) -> str | None:
    """A path as the configuration has it: relative where it is below the folder's parent, else absolute."""
    if path is None:
        return None
    path, base = path.resolve(), relative_to.resolve()
    for up, prefix in ((base, ""), (base.parent, "../")):
        if path.is_relative_to(up):
            return prefix + path.relative_to(up).as_posix()
    return str(path)


def dataset_name(folder: Path) -> str:
    """A name for the dataset from its folder's: letters, digits and _, beginning with a letter or digit."""
    bare = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", folder.resolve().name))  # no accents
    name = re.sub(r"[^A-Za-z0-9]+", "_", bare).strip("_")
    return name[:40] or "mine"
