"""Embed the test split by canonical correlation analysis, in closed form.

The validation split chooses ridges and width. Images enter as the features of the trained rows, captions as
TF-IDF. There is no seed, and the bytes are the same each time.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.configuration.rows import Cca
from gxn.costs import cost_line
from gxn.datasets.captions import SPLITS
from gxn.datasets.tokens import Captions, read_tokens
from gxn.errors import GxnError
from gxn.evaluation.embeddings import Embeddings, write_embeddings
from gxn.features.store import read_features
from gxn.provenance import data_of, provenance
from gxn.training.cca import fit_cca

SPACE = "cca"


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    name: str = cli.option("name of the row")
    features: Path = cli.option("features.h5")
    tokens: Path = cli.option("tokens.h5")
    out: Path = cli.option("HDF5 of embeddings to write")


def cca(arguments: Arguments) -> None:
    """Fit on the training split, choose on validation, embed the test split."""
    row = arguments.configuration.seedless.get(arguments.name)
    if not isinstance(row, Cca):
        raise GxnError(f"methods.{arguments.name}: there is no such row of kind cca")
    (train, train_images), (val, val_images), (test, test_images) = (
        _read(arguments, name) for name in SPLITS
    )
    fitted = fit_cca(train, train_images, val, val_images, row)
    for each in fitted.tried:
        print(f"ridges {each.image_ridge:g}, {each.text_ridge:g}, {each.dims} dims: rsum {each.score:.1f}")
    print(f"chosen: {fitted.chosen}")
    images, texts = fitted.embed(test, test_images)
    data = data_of(arguments.features, arguments.tokens)
    embeddings = Embeddings(
        spaces=[SPACE],
        images=[images],
        texts=[texts],
        weights=[1.0],
        similarity="cosine",
        imgid=test.imgid,
        caption_image=test.caption_image,
        sentid=test.sentid,
        split="test",
        provenance=provenance(row.model_dump(mode="json", exclude={"label", "colour"}), data, None),
    )
    write_embeddings(arguments.out, embeddings)
    print(cost_line(0, fitted.chosen.dims * (train_images.shape[1] + len(fitted.tfidf.word))))


def _read(arguments: Arguments, split: str) -> tuple[Captions, np.ndarray]:
    """Captions of a split, and features (N, F) of its images."""
    captions = read_tokens(arguments.tokens, split)
    return captions, read_features(arguments.features, captions.imgid)


main = cli.command(cca, Arguments)

if __name__ == "__main__":
    main()
