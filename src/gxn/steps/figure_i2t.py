"""Draw what a run finds for images: five queries from easy to hard, best captions, imagined caption."""

from pathlib import Path

from gxn import cli
from gxn.evaluation.embeddings import read_embeddings
from gxn.evaluation.ranks import ranks
from gxn.reporting import grids, queries, style


def step(
    captions: Path, thumbnails: Path, embeddings: Path, imagined: Path | None, pdf: Path, png: Path
) -> None:
    """Draw the figure."""
    one = read_embeddings(embeddings)
    sentences = queries.read_sentences(captions, one.sentid)
    rank = ranks(one.images, one.texts, one.caption_image, one.similarity, one.weights).i2t
    found = queries.image_queries(one, rank, grids.ROWS, grids.BEST)
    shown = one.imgid[[each.query for each in found]]
    pictures = queries.read_pictures(thumbnails, shown)
    spoken = queries.read_spoken(imagined, shown)
    with style.house_style():
        style.save(grids.image_grid(found, pictures, sentences, one.caption_image, spoken), pdf, png)


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--captions", type=Path, required=True, help="captions.json of the dataset")
    parser.add_argument("--thumbnails", type=Path, required=True)
    parser.add_argument("--embeddings", type=Path, required=True, help="of the run to show")
    parser.add_argument("--imagined", type=Path, help="JSON of imagined captions of the same run")
    style.add_outputs(parser)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
