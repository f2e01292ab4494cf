"""Draw what a run finds for captions: five queries from easy to hard, best images, imagined image."""

from pathlib import Path

import numpy as np

from gxn import cli
from gxn.evaluation.embeddings import read_embeddings
from gxn.evaluation.ranks import ranks
from gxn.files import rows_of
from gxn.reporting import grids, queries, style


def step(
    captions: Path, thumbnails: Path, embeddings: Path, imagined: Path | None, pdf: Path, png: Path
) -> None:
    """Draw the figure."""
    one = read_embeddings(embeddings)
    sentences = queries.read_sentences(captions, one.sentid)
    rank = ranks(one.images, one.texts, one.caption_image, one.similarity, one.weights).t2i
    drawn = queries.read_drawn(imagined)
    found = queries.caption_queries(one, rank, grids.ROWS, grids.BEST, None if drawn is None else drawn[1])
    asked = np.array([each.query for each in found])
    pictures = [queries.read_pictures(thumbnails, one.imgid[each.best]) for each in found]
    if drawn is not None:
        drawn = drawn[0][rows_of(one.sentid[asked], drawn[1], imagined, "sentid")]
    asking = [sentences[row] for row in asked]
    with style.house_style():
        owners = one.caption_image[asked].tolist()
        style.save(grids.caption_grid(found, asking, pictures, owners, drawn), pdf, png)


def main() -> None:
    """Command line of the step."""
    parser = cli.parser(__doc__)
    parser.add_argument("--captions", type=Path, required=True, help="captions.json of the dataset")
    parser.add_argument("--thumbnails", type=Path, required=True)
    parser.add_argument("--embeddings", type=Path, required=True, help="of the run to show")
    parser.add_argument("--imagined", type=Path, help="HDF5 of imagined images of the same run")
    style.add_outputs(parser)
    cli.run(step, parser)


if __name__ == "__main__":
    main()
