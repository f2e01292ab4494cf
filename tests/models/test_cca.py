"""Canonical correlations: planted signals, invariance, a formula by QR, chance, and figures of the literature."""

import numpy as np
import pytest
from matlab import read_mat

from gxn.datasets.tfidf import fit_tfidf
from gxn.evaluation.ranks import ranks
from gxn.evaluation.retrieval_map import precision
from gxn.models.cca import (
    BLOCK,
    canonical,
    caption_moments,
    decompose,
    moments,
    search,
)


def fit(images, texts, image_ridge=0.0, text_ridge=0.0, dims=64):
    return canonical(decompose(moments(images, texts)), image_ridge, text_ridge, dims)


def planted(correlations, n=400, p=7, q=9, seed=0):
    """Pairs whose canonical correlations are exactly those given, and nothing else in common."""
    rng = np.random.default_rng(seed)
    k = len(correlations)
    raw = rng.normal(size=(n, p + q))
    basis = np.linalg.qr(raw - raw.mean(0))[0]
    images, texts = basis[:, :p], basis[:, p:].copy()
    rho = np.asarray(correlations)
    texts[:, :k] = rho * images[:, :k] + np.sqrt(1 - rho**2) * texts[:, :k]
    return images @ rng.normal(size=(p, p)) + 3, texts @ rng.normal(size=(q, q)) - 1


def recall_at_1(found, images, texts, dims, power=1.0):
    embedded = [found.embed_images(images, dims, power), found.embed_texts(texts, dims, power)]
    images, texts = ([each.astype(np.float32)] for each in embedded)
    return float((ranks(images, texts, np.arange(len(texts[0])), "cosine", [1.0]).i2t <= 1).mean())


def test_correlations_of_a_planted_signal_are_found():
    rho = [0.99, 0.95, 0.6, 0.2]
    found = fit(*planted(rho))
    assert found.correlations[:4] == pytest.approx(rho, abs=1e-6)
    assert np.abs(found.correlations[4:]).max() < 1e-6


def test_a_planted_signal_retrieves_every_pair():
    images, texts = planted([0.9999] * 6)
    found = fit(images, texts)
    assert recall_at_1(found, images, texts, dims=6) == 1.0
    assert recall_at_1(fit(images, np.roll(texts, 7, 0)), images, texts, dims=6) < 0.05


def test_correlations_are_those_of_the_qr_formula():
    images, texts = planted([0.9, 0.5])
    bases = [np.linalg.qr(each - each.mean(0))[0] for each in (images, texts)]
    expected = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    assert fit(images, texts).correlations == pytest.approx(expected, abs=1e-9)


def test_directions_have_unit_variance_and_the_stated_correlation():
    images, texts = planted([0.9, 0.5, 0.3])
    found = fit(images, texts, dims=3)
    seen, told = (images - images.mean(0)) @ found.image_map, (texts - texts.mean(0)) @ found.text_map
    assert seen.T @ seen / len(seen) == pytest.approx(np.eye(3), abs=1e-9)
    assert told.T @ told / len(told) == pytest.approx(np.eye(3), abs=1e-9)
    assert seen.T @ told / len(told) == pytest.approx(np.diag(found.correlations[:3]), abs=1e-9)


def test_an_invertible_map_of_the_images_changes_no_score_without_ridge():
    images, texts = planted([0.9, 0.5, 0.3])
    turned = images @ np.random.default_rng(5).normal(size=(7, 7))
    scores = []
    for each in (images, turned):
        found = fit(each, texts, image_ridge=1e-12)
        scores.append(found.embed_images(each, 3, 1.0) @ found.embed_texts(texts, 3, 1.0).T)
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)


def test_swapped_sides_give_swapped_directions_up_to_sign():
    images, texts = planted([0.9, 0.5])
    one, two = fit(images, texts, 0.1, 0.4, dims=2), fit(texts, images, 0.4, 0.1, dims=2)
    assert one.correlations == pytest.approx(two.correlations, abs=1e-9)
    assert np.abs(one.image_map) == pytest.approx(np.abs(two.text_map), rel=1e-6)


def test_shuffled_pairs_are_at_chance():
    rng = np.random.default_rng(2)
    signal = rng.normal(size=(1200, 5))
    images = np.c_[signal, rng.normal(size=(1200, 4))]
    texts = signal[rng.permutation(1200)] @ rng.normal(size=(5, 6))
    found = fit(images[:800], texts[:800])
    assert recall_at_1(found, images[800:], texts[800:], dims=5) < 0.02
    texts = signal @ rng.normal(size=(5, 6))
    assert recall_at_1(fit(images[:800], texts[:800]), images[800:], texts[800:], dims=5) > 0.9


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_fewer_rows_than_dimensions_stay_finite(ridge):
    rng = np.random.default_rng(3)
    images, texts = rng.normal(size=(10, 30)), rng.normal(size=(10, 40))
    found = fit(images, texts, ridge, ridge)
    assert found.correlations.max() <= 1 + 1e-9
    for embedded in (found.embed_images(images, 12, 0.5), found.embed_texts(texts, 12, 0.5)):
        assert np.isfinite(embedded).all()


def test_a_constant_column_stays_finite():
    images, texts = planted([0.9])
    images[:, 3] = 1
    assert np.isfinite(fit(images, texts).embed_images(images, 5, 1.0)).all()


def captions(count, words, rng):
    """Captions of 2 to 9 words, and the row of each one's image: an image has one or more."""
    lengths = rng.integers(2, 10, count)
    tokens = rng.integers(1, words, lengths.sum())
    owners = np.sort(np.r_[np.arange(count // 2), rng.integers(0, count // 2, count - count // 2)])
    return tokens, np.cumsum([0, *lengths]), owners


def test_moments_of_captions_are_those_of_the_dense_pairs():
    rng = np.random.default_rng(4)
    tokens, offsets, owners = captions(3 * BLOCK, 20, rng)
    images = rng.normal(size=(owners.max() + 1, 6)) + 2
    bags = fit_tfidf(tokens, offsets, 3, 15).bags(tokens, offsets)
    order = rng.permutation(len(owners))  # captions of one image need not stand together
    sparse = caption_moments(images, type(bags)(bags.columns[order], bags.weights[order], 15), owners[order])
    dense = moments(images[owners], bags.dense())
    for name, value in vars(dense).items():
        assert getattr(sparse, name) == pytest.approx(value, abs=1e-12), name


def test_captions_embed_as_their_dense_rows():
    rng = np.random.default_rng(4)
    tokens, offsets, owners = captions(BLOCK + 100, 20, rng)
    bags = fit_tfidf(tokens, offsets, 3, 15).bags(tokens, offsets)
    images = rng.normal(size=(owners.max() + 1, 6))
    found = canonical(decompose(caption_moments(images, bags, owners)), 0.3, 1.0, 4)
    assert found.embed_texts(bags, 4, 1.0) == pytest.approx(
        found.embed_texts(bags.dense(), 4, 1.0), abs=1e-12
    )


def test_every_run_has_the_same_bytes_and_fixed_signs():
    images, texts = planted([0.9, 0.5, 0.3])
    one, two = (fit(images, texts, 0.3, 1.0, dims=5) for _ in range(2))
    assert one.image_map.tobytes() == two.image_map.tobytes()
    assert one.text_map.tobytes() == two.text_map.tobytes()
    assert (one.image_map[np.abs(one.image_map).argmax(0), np.arange(5)] > 0).all()


def test_search_keeps_the_first_of_the_best():
    spectra = decompose(moments(*planted([0.9, 0.5])))
    wanted = {(0.1, 1.0, 2): 5.0, (0.3, 0.5, 4): 7.0, (0.3, 1.0, 2): 7.0}
    called = []

    def score(found, dims):
        called.append((found, dims))
        at = len(called) - 1
        setting = [(i, t, d) for i in (0.1, 0.3) for t in (0.5, 1.0) for d in (2, 4)][at]
        return wanted.get(setting, 0.0)

    best, setting, tried = search(spectra, (0.1, 0.3), (0.5, 1.0), (4, 2), score)
    assert (setting.image_ridge, setting.text_ridge, setting.dims, setting.score) == (0.3, 0.5, 4, 7.0)
    assert len(tried) == 8 and best is called[5][0]


def test_an_empty_grid_is_refused():
    with pytest.raises(ValueError, match="the grid is empty"):
        search(decompose(moments(*planted([0.9]))), (), (1.0,), (2,), lambda *_: 0.0)


def test_wikipedia_has_the_figures_of_the_literature(realdata):
    """Rasiwasia et al. 2010 report mAP .249 and .196; here all queries, the whole ranking, cosine."""
    folder = realdata / "wikipedia"
    if not folder.is_dir():
        pytest.skip(f"no Wikipedia features at {folder}")
    arrays = read_mat(folder / "raw_features.mat")
    found = fit(arrays["I_tr"], arrays["T_tr"], dims=7)
    images, texts = found.embed_images(arrays["I_te"], 7, 0.0), found.embed_texts(arrays["T_te"], 7, 0.0)
    lines = (folder / "testset_txt_img_cat.list").read_text().split("\n")
    label = np.array([int(line.split("\t")[-1]) for line in lines if line])
    scores, relevant = images @ texts.T, label[:, None] == label
    for given, hits, expected in ((scores, relevant, 0.247), (scores.T, relevant.T, 0.201)):
        assert precision(given, hits).average.mean() == pytest.approx(expected, abs=0.001)
