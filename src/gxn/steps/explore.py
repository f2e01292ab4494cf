"""Write pages to look at: what each row finds and imagines for the test split, with its tables and figures."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.files import write_text
from gxn.page.collection import open_collection
from gxn.page.site import INDEX, Site
from gxn.reporting.rows import RowArguments
from gxn.writing import writing

MOST = 1000  # pictures with a page, 90 kB each where there are ten rows; test splits of papers have 1,000 or 5,000


@dataclass(frozen=True, kw_only=True)
class Arguments(RowArguments):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json")
    images: Path | None = cli.option("folder of photographs, or images.h5; without: names are shown", None)
    embeddings: tuple[Path, ...] = cli.option("embeddings of one run of each row, in the order of the table")
    imagined: tuple[Path, ...] = cli.option("JSON files of the step imagine", ())
    drawings: tuple[Path, ...] = cli.option("HDF5 files of the same runs, in the same order", ())
    tables: tuple[Path, ...] = cli.option("tables to show, CSV", ())
    figures: tuple[Path, ...] = cli.option("figures to show, PNG", ())
    out: Path = cli.option("folder to write: index.html and, beside it, pages/")


def explore(arguments: Arguments) -> None:
    """Write all pages; the front page comes last, so that it is there only if all others are."""
    collection = open_collection(
        arguments.configuration.dataset.name,
        arguments.captions,
        arguments.images,
        arguments.rows,
        arguments.embeddings,
        arguments.imagined,
        arguments.drawings,
    )
    site = Site(collection, arguments.tables, arguments.figures, MOST)
    front, pages = arguments.out / INDEX, arguments.out / "pages"
    with writing(front):
        front.unlink(missing_ok=True)
        shutil.rmtree(pages, ignore_errors=True)
    paths = list(site.paths())
    for path in cli.progress(paths, len(paths), "pages"):
        content, file = site.content(path), arguments.out / path
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    write_text(front, site.content(INDEX).decode())


main = cli.command(explore, Arguments)

if __name__ == "__main__":
    main()
