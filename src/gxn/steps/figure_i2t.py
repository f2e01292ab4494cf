"""Draw what a run ranks first for images: five queries from easy to hard, best captions, imagined caption.

The captions are those of the test split; ✓ marks the image's own. The imagined caption is decoded greedily by
the same run: the first row that imagines most, at the first seed. Nobody picked the images: they are the
middles of five equal parts of the split, sorted by their rank in this run.
"""

from dataclasses import dataclass
from pathlib import Path

from gxn import cli
from gxn.evaluation.embeddings import read_embeddings
from gxn.evaluation.ranks import ranks
from gxn.reporting import grids, queries, style


@dataclass(frozen=True, kw_only=True)
class Arguments(style.Outputs):
    """Arguments of the step."""

    captions: Path = cli.option("captions.json of the dataset")
    images: Path | None = cli.option("folder of photographs, or images.h5; without: names are shown", None)
    embeddings: Path = cli.option("embeddings of the run to show")
    imagined: Path | None = cli.option("JSON of imagined captions of the same run", None)


def figure_i2t(arguments: Arguments) -> None:
    """Draw the figure."""
    one = read_embeddings(arguments.embeddings)
    sentences = queries.read_sentences(arguments.captions, one.sentid)
    rank = ranks(one.images, one.texts, one.caption_image, one.similarity, one.weights).i2t
    shown = queries.image_queries(one, rank, grids.ROWS, grids.BEST)
    imgids = one.imgid[[each.query for each in shown]]
    pictures = queries.read_pictures(arguments.images, arguments.captions, imgids)
    imagined = queries.read_spoken(arguments.imagined, imgids)
    collapsed = queries.has_collapsed(arguments.imagined, "decoder")
    with style.house_style():
        figure = grids.image_grid(shown, pictures, sentences, one.caption_image, imagined, collapsed)
        style.save(figure, arguments)


main = cli.command(figure_i2t, Arguments)

if __name__ == "__main__":
    main()
