"""The pages by their paths: written to a folder, or answered one by one to a browser."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from posixpath import dirname, relpath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from gxn import cli
from gxn.page import tables
from gxn.page.collection import Collection, Row
from gxn.page.pictures import figure, webp
from gxn.page.views import FEW, Views
from gxn.reporting.rows import RowName

INDEX = "index.html"
TILES = 60  # pictures on a page of the gallery
WHOLE = 250  # pages of pictures up to which a copy has the best five of every search; of more, see `Site`
TITLES = {"recall": "Recall at K", "i2t": "Captions found for images", "t2i": "Images found for captions"}
TITLES |= {"framework": "The method"}


class NotThere(Exception):
    """No page has this path; the message says what is missing."""


class Site:
    """All pages about a collection. Links between them are relative, so that any folder or address holds them.

    A copy of many pictures is brief: the best three of each search, and searches for the first caption of each
    picture; all ranks stand there. A server has the best five for every caption.

    Args:
        collection: what is shown.
        table_files: CSV files of tables.
        figure_files: PNG files of figures.
        most: pictures that have a page; of more, as many are taken evenly from easy to hard. None: all.
        live: whether a server answers, which sentences and pictures can be given to.
    """

    def __init__(
        self,
        collection: Collection,
        table_files: Sequence[Path] = (),
        figure_files: Sequence[Path] = (),
        most: int | None = None,
        live: bool = False,
    ) -> None:
        order, count = collection.by_difficulty, len(collection.records)
        kept = min(count, most or count)
        self.order = [order[place * count // kept] for place in range(kept)]
        self.collection = collection
        self.views = Views(collection, {collection.records[row].imgid for row in self.order})
        self.rows = {row.key: row for row in collection.rows}
        names = {row.key: RowName(row.label + row.mark, row.colour) for row in collection.rows}
        self.tables = [tables.read(path, names) for path in table_files]
        self.figures = {path.stem: path for path in figure_files}
        self.environment = Environment(
            loader=PackageLoader("gxn.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self.environment.globals |= {
            "dataset": collection.dataset, "live": live, "rows": collection.rows, "has_tables": bool(self.tables),
            "has_figures": bool(self.figures), "brief": not live and kept > WHOLE, "few": FEW,
        }  # fmt: skip
        self._makers: dict[str, Callable[..., bytes]] = {
            r"index\.html": self._index,
            r"pages/style\.css": self._style,
            r"pages/pictures-(\d{1,19})\.html": self._gallery,
            r"pages/picture/(\d{1,19})\.html": self._picture,
            r"pages/image/(\d{1,19})\.webp": self._image,
            r"pages/drawn/(\w+)/(\d{1,19})\.webp": self._drawing,
            r"pages/differences\.html": self._differences,
            r"pages/differences/(\w+)\.(\w+)\.html": self._pair,
            r"pages/tables\.html": self._tables,
            r"pages/figures\.html": self._figures,
            r"pages/figure/(\w+)\.webp": self._figure,
        }

    def paths(self) -> Iterator[str]:
        """Yield the paths of all files that make the site, but that of its front page."""
        yield "pages/style.css"
        ids = [self.collection.records[row].imgid for row in self.order]
        yield from (f"pages/pictures-{number}.html" for number in range(1, self._galleries() + 1))
        yield from (f"pages/picture/{imgid}.html" for imgid in ids)
        if self.collection.images is not None:
            yield from (f"pages/image/{record.imgid}.webp" for record in self.collection.records)
        linked = {self.collection.records[row].imgid for row in self.order}
        owner = dict(
            zip(self.collection.sentid.tolist(), self.collection.caption_image.tolist(), strict=True)
        )
        for row in self.collection.rows:
            for sentid in row.imagined.drawings if row.imagined else ():
                if self.collection.records[owner[sentid]].imgid in linked:
                    yield f"pages/drawn/{row.key}/{sentid}.webp"
        if len(self.rows) > 1:
            yield "pages/differences.html"
        yield from (f"pages/differences/{one}.{other}.html" for one, other in combinations(self.rows, 2))
        yield from ["pages/tables.html"] * bool(self.tables)
        yield from ["pages/figures.html"] * bool(self.figures)
        yield from (f"pages/figure/{name}.webp" for name in self.figures)

    def content(self, path: str) -> bytes:
        """Make the file at `path`, relative to the front page.

        Raises:
            NotThere: there is none.
            GxnError: a picture cannot be read.
        """
        for pattern, make in self._makers.items():
            if match := re.fullmatch(pattern, path, re.ASCII):
                return make(path, *match.groups())
        raise NotThere(f"There is no page {path}.")

    def render(self, template: str, path: str, **values: Any) -> bytes:
        """Fill a template for the page at `path`."""
        here = dirname(path) or "."
        folders = {f"to_{name}": relpath(f"pages/{name}", here) + "/" for name in ("picture", "image")}
        folders = {name: folder.removeprefix("./") for name, folder in folders.items()}
        text = self.environment.get_template(template).render(
            root="../" * path.count("/"), **folders, **values
        )
        return re.sub(r"\n\s+", "\n", text).encode()

    # one method for each kind of path

    def _index(self, path: str) -> bytes:
        captions = len(self.collection.sentences)
        counts = {"images": len(self.collection.records), "captions": captions, "paged": len(self.order)}
        summary, examples = self.views.summary(), self.views.examples(self.order)
        return self.render("index.html", path, counts=counts, summary=summary, examples=examples)

    def _style(self, path: str) -> bytes:
        own = (f".row-{row.key}{{--row:{row.colour}}}\n" for row in self.collection.rows)
        source, *_ = self.environment.loader.get_source(self.environment, "style.css")
        return (source + "\n" + "".join(own)).encode()

    def _galleries(self) -> int:
        return -(-len(self.order) // TILES)

    def _gallery(self, path: str, number: str) -> bytes:
        page, pages = int(number), self._galleries()
        if not 1 <= page <= pages:
            raise NotThere(f"There is no page {page} of pictures: there are {pages}.")
        shown = [self.views.picture(row) for row in self.order[TILES * (page - 1) : TILES * page]]
        return self.render("pictures.html", path, pictures=shown, page=page, pages=pages)

    def _row_of(self, imgid: str) -> int:
        place = self.collection.place.get(int(imgid))
        if place is None:
            raise NotThere(f"The test split has no picture {imgid}.")
        return place

    def _picture(self, path: str, imgid: str) -> bytes:
        place = self._row_of(imgid)
        if place not in self.order:
            raise NotThere(f"Picture {imgid} has no page in this copy.")
        return self.render("picture.html", path, **self.views.of_picture(place, self.order))

    def _image(self, path: str, imgid: str) -> bytes:
        record = self.collection.records[self._row_of(imgid)]
        if self.collection.images is None:
            raise NotThere("There are no pictures, only features.")
        return webp(self.collection.images.read(record))

    def _row(self, key: str) -> Row:
        if key not in self.rows:
            raise NotThere(f"There is no row {key}: the rows are {', '.join(self.rows)}.")
        return self.rows[key]

    def _drawing(self, path: str, key: str, sentid: str) -> bytes:
        imagined = self._row(key).imagined
        if imagined is None or int(sentid) not in imagined.drawings:
            raise NotThere(f"Row {key} drew nothing for caption {sentid}.")
        return webp(imagined.drawings[int(sentid)])

    def _differences(self, path: str) -> bytes:
        keys = list(self.rows)
        pairs = {(one, other): f"{one}.{other}.html" for one, other in combinations(keys, 2)}
        pairs |= {(other, one): name for (one, other), name in pairs.items()}
        return self.render("differences.html", path, shares=self.views.shares(), pairs=pairs)

    def _pair(self, path: str, one: str, other: str) -> bytes:
        first, second = self._row(one), self._row(other)
        return self.render("pair.html", path, **self.views.of_pair(first, second))

    def _tables(self, path: str) -> bytes:
        return self.render("tables.html", path, tables=self.tables)

    def _figures(self, path: str) -> bytes:
        figures = {name: (TITLES.get(name, name.capitalize()), _drawn(name)) for name in self.figures}
        return self.render("figures.html", path, figures=figures)

    def _figure(self, path: str, name: str) -> bytes:
        if name not in self.figures:
            raise NotThere(f"There is no figure {name}.")
        return figure(self.figures[name])


def _drawn(name: str) -> str:
    """The subject of a figure, from the docstring of its step; its name where it has no step."""
    try:
        return cli.documentation(f"figure_{name}").partition("\n")[0].removeprefix("Draw ")
    except FileNotFoundError:
        return name
