"""Content of each page, as plain values for its template."""

from collections.abc import Collection as Container
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gxn.evaluation.metrics import recall
from gxn.page.collection import Collection, Row
from gxn.page.differences import lead

EXAMPLES = 6
FEW = 3  # of the best, in a brief copy


@dataclass(frozen=True)
class Picture:
    """A picture of the collection; `linked` says whether it has a page, `has_pixels` whether it has pixels."""

    imgid: int
    name: str
    about: str  # its first caption, which describes it to those who do not see it
    linked: bool
    has_pixels: bool


@dataclass(frozen=True)
class Hit:
    """A candidate that a row found: a picture, or a caption of it; `true` if it belongs to the query."""

    picture: Picture
    true: bool
    text: str = ""
    score: str = ""


@dataclass(frozen=True)
class Found:
    """Results of a row for a query, best first, and the rank of the best true item, where one is known."""

    row: Row
    rank: str
    hits: Sequence[Hit]


@dataclass(frozen=True)
class Caption:
    """A caption of a picture, and what every row found for it."""

    sentid: int
    text: str
    found: Sequence[Found]


class Views:
    """Values for the templates.

    Args:
        collection: what is shown.
        linked: ids of the pictures that have a page.
    """

    def __init__(self, collection: Collection, linked: Container[int]) -> None:
        self.collection = collection
        self.linked = linked

    def picture(self, row: int) -> Picture:
        """The picture in a row of the collection."""
        record = self.collection.records[row]
        about = self.collection.sentences[self.collection.captions_of[row][0]]
        has_pixels = self.collection.images is not None
        return Picture(record.imgid, record.filename, about, record.imgid in self.linked, has_pixels)

    def caption(self, caption: int, rows: Sequence[Row]) -> Caption:
        """A caption with the pictures that rows find for it."""
        own = int(self.collection.caption_image[caption])
        found = [
            Found(
                row,
                f"{row.ranks.t2i[caption]:g}",
                [Hit(self.picture(image), image == own) for image in row.best_images[caption].tolist()],
            )
            for row in rows
        ]
        return Caption(int(self.collection.sentid[caption]), self.collection.sentences[caption], found)

    def captions_found(self, image: int, rows: Sequence[Row]) -> list[Found]:
        """The captions that rows find for an image."""
        image_of_caption = self.collection.caption_image

        def hit(caption: int) -> Hit:
            source = int(image_of_caption[caption])
            return Hit(self.picture(source), source == image, self.collection.sentences[caption])

        return [
            Found(row, f"{row.ranks.i2t[image]:g}", [hit(each) for each in row.best_captions[image].tolist()])
            for row in rows
        ]

    def finders(self, founds: Sequence[Found]) -> list[tuple[Hit, list[tuple[Row, int]]]]:
        """Each candidate among the best of some rows once, with the rows that found it and the place it has there.

        Candidates that more rows found, and found earlier, come first.
        """
        by: dict[Hit, list[tuple[Row, int]]] = {}
        for found in founds:
            for place, hit in enumerate(found.hits[:FEW], 1):
                by.setdefault(hit, []).append((found.row, place))
        return sorted(by.items(), key=lambda each: -sum(1 / place for _, place in each[1]))

    def of_picture(self, row: int, order: Sequence[int]) -> dict[str, Any]:
        """A picture's page; `order` are the rows of the pictures that have pages, as they follow each other."""
        rows, captions, place = self.collection.rows, self.collection.captions_of[row], order.index(row)
        own = {int(self.collection.sentid[each]): self.collection.sentences[each] for each in captions}
        imgid = self.collection.records[row].imgid
        imagined = []
        for each in rows:
            if each.imagined is None:
                continue
            drawn = next((sentid for sentid in own if sentid in each.imagined.drawings), None)
            spoken = each.imagined.captions.get(imgid)
            if drawn is not None or spoken is not None:
                imagined.append({"row": each, "spoken": spoken, "drawn": drawn, "asked": own.get(drawn)})
        return {
            "picture": self.picture(row),
            "captions": [self.caption(each, rows) for each in captions],
            "found": (found := self.captions_found(row, rows)),
            "finders": self.finders(found),
            "imagined": imagined,
            "before": self.picture(order[place - 1]) if place else None,
            "after": self.picture(order[place + 1]) if place + 1 < len(order) else None,
        }

    def of_pair(self, one: Row, other: Row) -> dict[str, Any]:
        """The page of two rows: where each is far better than the other."""
        parts = []
        for better, worse in ((one, other), (other, one)):
            ahead = lead(better.ranks, worse.ranks)
            both = [one, other]
            captions = [
                (self.picture(int(self.collection.caption_image[each])), self.caption(each, both))
                for each in ahead.captions
            ]
            images = [(self.picture(each), self.captions_found(each, both)) for each in ahead.images]
            parts.append(
                {
                    "better": better,
                    "worse": worse,
                    "share": ahead.share,
                    "captions": captions,
                    "images": images,
                }
            )
        return {"one": one, "other": other, "parts_of": parts}

    def shares(self) -> list[tuple[Row, list[tuple[Row, float | None]]]]:
        """For each row, the share of queries at which it is better than every row; None beside itself."""
        ranks = {row.key: np.concatenate([row.ranks.t2i, row.ranks.i2t]) for row in self.collection.rows}
        return [
            (
                row,
                [
                    (other, None if other is row else float((ranks[row.key] < ranks[other.key]).mean()))
                    for other in self.collection.rows
                ],
            )
            for row in self.collection.rows
        ]

    def summary(self) -> list[dict[str, Any]]:
        """For each row and direction, percent of the queries whose true item comes first, and the median rank."""
        return [
            {
                "row": row,
                "t2i_r1": f"{recall(row.ranks.t2i, 1):.1f}",
                "i2t_r1": f"{recall(row.ranks.i2t, 1):.1f}",
                "t2i_medr": f"{np.median(row.ranks.t2i):g}",
                "i2t_medr": f"{np.median(row.ranks.i2t):g}",
                "warnings": row.imagined.warnings if row.imagined else [],
            }
            for row in self.collection.rows
        ]

    def examples(self, order: Sequence[int]) -> list[tuple[Picture, str]]:
        """Pictures with their first captions, from easy to hard: the middles of equal parts of `order`."""
        count = min(EXAMPLES, len(order))
        rows = [order[int((part + 0.5) / count * len(order))] for part in range(count)]
        return [
            (self.picture(row), self.collection.sentences[self.collection.captions_of[row][0]])
            for row in rows
        ]
