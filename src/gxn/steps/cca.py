"""Embed the test split by canonical correlation analysis in closed form; its grid is searched on validation.

Features and whole captions (TF-IDF) are used as the trained rows have them; there is no seed, and the bytes
are the
same each time.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gxn import cli
from gxn.configuration.arguments import Configured
from gxn.configuration.rows import Cca
from gxn.datasets.tfidf import TfIdf, fit_tfidf
from gxn.datasets.tokens import Captions, read_tokens
from gxn.datasets.words import SPECIAL
from gxn.errors import GxnError
from gxn.evaluation.embeddings import Embeddings, write_embeddings
from gxn.evaluation.metrics import rsum, summary
from gxn.evaluation.ranks import ranks
from gxn.features.store import read_features
from gxn.models.cca import Canonical, caption_moments, decompose, search, unit_rows
from gxn.provenance import data_of, provenance

SPACE = "cca"


@dataclass(frozen=True, kw_only=True)
class Arguments(Configured):
    """Arguments of the step."""

    name: str = cli.option("name of the row")
    features: Path = cli.option("features.h5")
    tokens: Path = cli.option("tokens.h5")
    out: Path = cli.option("HDF5 of embeddings to write")


@dataclass(frozen=True)
class Side:
    """A split: its captions, and features (N, F) of its images, scaled to length 1."""

    captions: Captions
    features: np.ndarray


def cca(arguments: Arguments) -> None:
    """Fit on the training split, choose on validation, embed the test split."""
    row = arguments.configuration.seedless.get(arguments.name)
    if not isinstance(row, Cca):
        raise GxnError(f"methods.{arguments.name}: there is no such row of kind cca")
    train, val, test = (_read(arguments, split) for split in ("train", "val", "test"))
    words = fit_tfidf(train.captions.tokens, train.captions.offsets, len(SPECIAL), row.max_words)
    bags = words.bags(train.captions.tokens, train.captions.offsets)
    spectra = decompose(caption_moments(train.features, bags, train.captions.caption_image))
    most = min(train.features.shape[1], bags.width)
    dims = sorted({min(each, most) for each in row.dims})

    def val_rsum(directions: Canonical, size: int) -> float:
        images, texts = _embed(directions, size, row.power, words, val)
        image = val.captions.caption_image
        result = ranks([images], [texts], image, "cosine", [1.0])
        return rsum(summary(result.i2t, floor=True), summary(result.t2i, floor=True))

    best, setting, tried = search(spectra, row.image_ridges, row.text_ridges, dims, val_rsum)
    for each in tried:
        print(f"ridges {each.image_ridge:g}, {each.text_ridge:g}, {each.dims} dims: rsum {each.score:.1f}")
    print(f"chosen: {setting}")
    images, texts = _embed(best, setting.dims, row.power, words, test)
    data = data_of(arguments.features, arguments.tokens)
    embeddings = Embeddings(
        spaces=[SPACE],
        images=[images],
        texts=[texts],
        weights=[1.0],
        similarity="cosine",
        imgid=test.captions.imgid,
        caption_image=test.captions.caption_image,
        sentid=test.captions.sentid,
        split="test",
        provenance=provenance(row.model_dump(mode="json", exclude={"label", "colour"}), data, None),
    )
    write_embeddings(arguments.out, embeddings)


def _read(arguments: Arguments, split: str) -> Side:
    captions = read_tokens(arguments.tokens, split)
    return Side(captions, unit_rows(read_features(arguments.features, captions.imgid)))


def _embed(
    directions: Canonical, dims: int, power: float, words: TfIdf, side: Side
) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings float32 of a split's images (N, dims) and captions (C, dims)."""
    images = directions.embed_images(side.features, dims, power)
    texts = directions.embed_texts(words.bags(side.captions.tokens, side.captions.offsets), dims, power)
    return images.astype(np.float32), texts.astype(np.float32)


main = cli.command(cca, Arguments)

if __name__ == "__main__":
    main()
