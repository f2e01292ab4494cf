"""The row `cca`: linear maps in closed form, ridges and width chosen by validation rsum. Nothing is random."""

from dataclasses import dataclass

import numpy as np

from gxn.configuration.systems import Cca
from gxn.datasets.tfidf import TfIdf, fit_tfidf
from gxn.datasets.tokens import Captions
from gxn.datasets.words import SPECIAL
from gxn.evaluation.metrics import rsum, summary
from gxn.evaluation.ranks import ranks
from gxn.models.cca import Canonical, Setting, caption_moments, decompose, search, unit_rows


@dataclass(frozen=True)
class FittedCca:
    """The chosen maps.

    Attributes:
        tfidf: words and weights of the captions' columns.
        directions: the canonical directions.
        chosen: ridges, number of directions, and validation rsum.
        tried: all settings of the grid, in its order.
        power: of the correlations that scale the directions.
    """

    tfidf: TfIdf
    directions: Canonical
    chosen: Setting
    tried: list[Setting]
    power: float

    def embed(self, captions: Captions, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Unit embeddings float32 of images (N, d) and captions (C, d), for the cosine.

        Args:
            features: (N, F) of the images of the captions' split, in its order.
        """
        return _embed(self.directions, self.chosen.dims, self.power, self.tfidf, captions, features)


def fit_cca(
    train: Captions, train_features: np.ndarray, val: Captions, val_features: np.ndarray, settings: Cca
) -> FittedCca:
    """Fit every setting of the grid on the training split and keep the one with the best validation rsum."""
    tfidf = fit_tfidf(train.tokens, train.offsets, len(SPECIAL), settings.max_words)
    bags = tfidf.bags(train.tokens, train.offsets)
    spectra = decompose(caption_moments(unit_rows(train_features), bags, train.caption_image))

    most = min(train_features.shape[1], bags.width)
    dims = sorted({min(each, most) for each in settings.dims})

    def score(directions: Canonical, dims: int) -> float:
        images, texts = _embed(directions, dims, settings.power, tfidf, val, val_features)
        found = ranks([images], [texts], val.caption_image, "cosine", [1.0])
        return rsum(*(summary(each, floor=True) for each in (found.i2t, found.t2i)))

    grid = settings.image_ridges, settings.text_ridges, dims
    directions, chosen, tried = search(spectra, *grid, score)
    return FittedCca(tfidf, directions, chosen, tried, settings.power)


def _embed(
    directions: Canonical, dims: int, power: float, tfidf: TfIdf, captions: Captions, features: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    images = directions.embed_images(unit_rows(features), dims, power)
    texts = directions.embed_texts(tfidf.bags(captions.tokens, captions.offsets), dims, power)
    return images.astype(np.float32), texts.astype(np.float32)
