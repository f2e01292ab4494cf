"""Content of the pages: pictures and captions of the test split, and what each row found and imagined of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from gxn.datasets.captions import Record, read_captions
from gxn.datasets.images import ImageSource, open_images
from gxn.datasets.sentences import readable
from gxn.errors import GxnError
from gxn.evaluation.embeddings import Embeddings, read_embeddings
from gxn.evaluation.ranks import Ranks, ranks
from gxn.files import read_json, rows_of
from gxn.page.best import best_captions, best_images
from gxn.reporting.queries import read_drawn, read_sentences
from gxn.reporting.rows import Rows
from gxn.reporting.style import looks

BEST = 5


@dataclass(frozen=True)
class Imagined:
    """Imagined results of a run: captions by image id, drawings uint8 (S, S, 3) by sentence id, and warnings."""

    captions: Mapping[int, str]
    drawings: Mapping[int, np.ndarray]
    warnings: Sequence[str]

    def failed(self, network: str) -> bool:
        """Say whether there is a warning of the `decoder`, which captions, or of the `generator`, which draws."""
        return any(network in warning for warning in self.warnings)


@dataclass(frozen=True)
class Row:
    """One run of a row: name, colour #RRGGBB as in figures, embeddings, and what it imagined, if it does."""

    key: str
    label: str
    colour: str
    embeddings: Embeddings
    imagined: Imagined | None

    @property
    def mark(self) -> str:
        """A dagger behind the name where something that it imagined with did not learn, else nothing."""
        return " †" if self.imagined and self.imagined.warnings else ""

    @cached_property
    def ranks(self) -> Ranks:
        """Ranks of every image and caption among the whole split."""
        one = self.embeddings
        return ranks(one.images, one.texts, one.caption_image, one.similarity, one.weights)

    @cached_property
    def best_captions(self) -> np.ndarray:
        """Rows of the best captions of every image, int64 (N, BEST)."""
        return best_captions(self.embeddings, BEST)

    @cached_property
    def best_images(self) -> np.ndarray:
        """Rows of the best images of every caption, int64 (M, BEST)."""
        return best_images(self.embeddings, BEST)


@dataclass(frozen=True)
class Collection:
    """Pictures with captions, and the rows that were asked about them.

    Attributes:
        dataset: its name.
        records: of the N images, in the order of all embeddings.
        sentences: the M captions as they were written.
        caption_image: int64 (M,), the row of each caption's image.
        sentid: int64 (M,).
        images: where pixels come from; None: there are only names.
        rows: in the order of the table.
    """

    dataset: str
    records: Sequence[Record]
    sentences: Sequence[str]
    caption_image: np.ndarray
    sentid: np.ndarray
    images: ImageSource | None
    rows: Sequence[Row]

    @cached_property
    def place(self) -> dict[int, int]:
        """Row of each image by its id."""
        return {record.imgid: row for row, record in enumerate(self.records)}

    @cached_property
    def captions_of(self) -> list[list[int]]:
        """Rows of the captions of each image, in order."""
        found: list[list[int]] = [[] for _ in self.records]
        for caption, image in enumerate(self.caption_image.tolist()):
            found[image].append(caption)
        return found

    @cached_property
    def by_difficulty(self) -> list[int]:
        """Rows of images from easy to hard: by the mean over rows of the logarithms of the ranks around each."""
        images = np.mean([np.log(row.ranks.i2t) for row in self.rows], axis=0)
        captions = np.mean([np.log(row.ranks.t2i) for row in self.rows], axis=0)
        counts = np.bincount(self.caption_image, minlength=len(images))
        both = images + np.bincount(self.caption_image, captions, len(images)) / counts
        return np.argsort(both, kind="stable").tolist()


def open_collection(
    dataset: str,
    captions: Path,
    images: Path | None,
    rows: Rows,
    embeddings: Sequence[Path],
    imagined: Sequence[Path],
    drawings: Sequence[Path],
) -> Collection:
    """Read what one run of every row found and imagined.

    Args:
        dataset: its name.
        captions: `captions.json`.
        images: folder of photographs or `images.h5`; None: there are none.
        rows: names and colours, in the order of the table.
        embeddings: one file for each row, in that order.
        imagined: JSON files of the step imagine, which name their rows.
        drawings: HDF5 files of the same runs, in the order of `imagined`.

    Raises:
        GxnError: a file is missing, damaged, or asks other queries than the others.
    """
    if len(embeddings) != len(rows) or len(imagined) != len(drawings):
        raise GxnError(
            f"{len(rows)} rows need as many files of embeddings, and each file of captions one of drawings, not "
            f"{len(embeddings)}, and {len(imagined)} and {len(drawings)}"
        )
    seen = {str(key): each for key, each in map(_imagined, imagined, drawings)}
    found, colours = [read_embeddings(path) for path in embeddings], looks(rows)
    first = found[0]
    for path, each in zip(embeddings, found, strict=True):
        for name in ("imgid", "sentid", "caption_image"):
            if not np.array_equal(getattr(each, name), getattr(first, name)):
                raise GxnError(f"{path}: its queries ({name}) are not those of {embeddings[0]}")
    known = {record.imgid: record for record in read_captions(captions)}
    rows_of(first.imgid, np.array(list(known)), captions)
    records = [known[each] for each in first.imgid.tolist()]
    return Collection(
        dataset=dataset,
        records=records,
        sentences=read_sentences(captions, first.sentid),
        caption_image=first.caption_image,
        sentid=first.sentid,
        images=open_images(images) if images else None,
        rows=[
            Row(key, row.label, colours[key].colour, each, seen.get(key))
            for (key, row), each in zip(rows.items(), found, strict=True)
        ],
    )


def _imagined(captions: Path, drawings: Path) -> tuple[str, Imagined]:
    """The row of two files of the step imagine, and what they hold."""
    content, drawn = read_json(captions), read_drawn(drawings)
    try:
        spoken = {
            int(imgid): readable(str(text).split()) for imgid, text in content.get("captions", {}).items()
        }
        key, warnings = str(content["method"]), [str(each) for each in content.get("warnings", [])]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GxnError(f"{captions}: is not a file of the step imagine ({error!r}); make it again") from error
    pictures = {} if drawn is None else dict(zip(drawn[1].tolist(), drawn[0], strict=True))
    return key, Imagined(spoken, pictures, warnings)
