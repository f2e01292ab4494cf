"""The row `cca` on captions that name what their image's feature holds."""

import numpy as np
import pytest

from gxn.configuration.systems import Cca
from gxn.datasets.tokens import Captions
from gxn.training.cca import fit_cca

WORDS, KINDS = 40, 12
SETTINGS = Cca(image_ridges=(0.1, 30.0), text_ridges=(0.1, 1.0), dims=(2, 8), max_words=100)


def made(images, seed):
    """Images of five out of twelve kinds of things; each of two captions names four, with three random words."""
    rng = np.random.default_rng(seed)
    has = np.stack([rng.permutation(KINDS)[:5] for _ in range(images)])
    features = np.zeros((images, KINDS))
    np.put_along_axis(features, has, 1, 1)
    owner = np.repeat(np.arange(images), 2)
    tokens = np.stack(
        [np.r_[4 + rng.permutation(has[each])[:4], rng.integers(4 + KINDS, WORDS, 3)] for each in owner]
    )
    offsets = np.arange(len(owner) + 1) * tokens.shape[1]
    captions = Captions(tokens.ravel(), offsets, np.arange(images), owner, np.arange(len(owner)), (), "")
    return captions, features + 0.1 * rng.normal(size=features.shape)


def test_validation_chooses_and_new_pairs_are_found():
    fitted = fit_cca(*made(400, 0), *made(100, 1), SETTINGS)
    assert len(fitted.tried) == 8
    assert fitted.chosen.score == max(each.score for each in fitted.tried)
    assert fitted.chosen.dims == 8  # two directions tell too few kinds apart
    captions, features = made(100, 2)
    images, texts = fitted.embed(captions, features)
    assert images.dtype == texts.dtype == np.float32 and images.shape[1] == fitted.chosen.dims
    scores = texts @ images.T
    rank = (scores > scores[np.arange(200), captions.caption_image][:, None]).sum(1)
    assert (rank < 5).mean() > 0.5  # of 100


def test_every_run_has_the_same_bytes():
    one, two = (fit_cca(*made(200, 0), *made(50, 1), SETTINGS).embed(*made(50, 2)) for _ in range(2))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one, two, strict=True))


def test_few_words_are_kept_where_so_configured():
    settings = SETTINGS.model_copy(update={"max_words": KINDS})
    fitted = fit_cca(*made(200, 0), *made(50, 1), settings)
    assert fitted.tfidf.word.tolist() == list(range(4, 4 + KINDS))
    assert fitted.chosen.score == pytest.approx(max(each.score for each in fitted.tried))
