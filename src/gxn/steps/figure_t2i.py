"""Draw what a run ranks first for captions: five queries from easy to hard, best images, imagined image.

The images are those of the test split; the caption's own is framed and marked ✓. The imagined image is drawn by
the same run: the first row that imagines most, at the first seed. Nobody picked the captions: they are the
middles of five equal parts of the captions, sorted by their rank in this run, no two of one image.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gxn import cli
from gxn.evaluation.embeddings import read_embeddings
from gxn.evaluation.ranks import ranks
from gxn.files import rows_of
from gxn.reporting import grids, queries, style


@dataclass(frozen=True, kw_only=True)
class Arguments(style.Outputs):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json of the dataset")
    images: Path | None = cli.option("folder of photographs, or images.h5; without: names are shown", None)
    embeddings: Path = cli.option("embeddings of the run to show")
    imagined: Path | None = cli.option("HDF5 of imagined images of the same run", None)
    judged: Path | None = cli.option("JSON of its metrics and warnings, likewise", None)


def figure_t2i(arguments: Arguments) -> None:
    """Draw the figure."""
    one, imagined = read_embeddings(arguments.embeddings), arguments.imagined
    sentences = queries.read_sentences(arguments.captions, one.sentid)
    rank = ranks(one.images, one.texts, one.caption_image, one.similarity, one.weights).t2i
    drawn = queries.read_drawn(imagined)
    shown = queries.caption_queries(one, rank, grids.ROWS, grids.BEST, None if drawn is None else drawn[1])
    asked = np.array([each.query for each in shown])
    places = np.unique([row for each in shown for row in each.best])
    pictures = queries.read_pictures(arguments.images, arguments.captions, one.imgid[places])
    by_row = dict(zip(places.tolist(), pictures, strict=True))
    best = [[by_row[row] for row in each.best] for each in shown]
    if drawn is not None:
        drawn = drawn[0][rows_of(one.sentid[asked], drawn[1], imagined, "sentid")]
    asking = [sentences[row] for row in asked]
    collapsed = queries.has_collapsed(arguments.judged, "generator")
    with style.house_style():
        query_image = one.caption_image[asked].tolist()
        style.save(grids.caption_grid(shown, asking, best, query_image, drawn, collapsed), arguments)


main = cli.command(figure_t2i, Arguments)

if __name__ == "__main__":
    main()
