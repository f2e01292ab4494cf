"""Canonical correlation analysis in closed form, with ridges (Hotelling 1936; Gong et al. 2014 for the scaling).

    T = Cxx^-1/2 Cxy Cyy^-1/2 = U diag(s) V'
    f(x) = (x - mean x) Cxx^-1/2 U_k diag(s_k)^power,   g(y) = (y - mean y) Cyy^-1/2 V_k diag(s_k)^power

Cxx and Cyy are covariances plus a ridge times their mean variance, x an image and y a caption; the score is the
cosine of f and g. Everything is float64 and free of random numbers: the same data give the same bytes on one
machine as long as the BLAS runs on the same number of threads.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from gxn.datasets.tfidf import Bags

BLOCK = 1024  # images whose captions are dense at a time


@dataclass(frozen=True)
class Moments:
    """Means and covariances (divided by the number of pairs) of image rows x (p,) and caption rows y (q,)."""

    image_mean: np.ndarray  # (p,)
    text_mean: np.ndarray  # (q,)
    image_cov: np.ndarray  # (p, p)
    text_cov: np.ndarray  # (q, q)
    cross_cov: np.ndarray  # (p, q)


@dataclass(frozen=True)
class Spectra:
    """Eigenvalues and eigenvectors of both covariances, and the cross-covariance between the eigenvectors.

    No ridge changes any of these, so that a grid of ridges pays for the two `eigh` once.
    """

    moments: Moments
    image_values: np.ndarray  # (p,), none below 0
    image_vectors: np.ndarray  # (p, p), in columns
    text_values: np.ndarray  # (q,), none below 0
    text_vectors: np.ndarray  # (q, q), in columns
    cross: np.ndarray  # (p, q)


@dataclass(frozen=True)
class Canonical:
    """Canonical directions, the strongest correlation first.

    Attributes:
        correlations: float64 (r,), s above; r is the smaller of p and q.
        image_map, text_map: float64 (p, d) and (q, d), Cxx^-1/2 U_d and Cyy^-1/2 V_d.
        image_mean, text_mean: float64 (p,) and (q,).
    """

    correlations: np.ndarray
    image_map: np.ndarray
    text_map: np.ndarray
    image_mean: np.ndarray
    text_mean: np.ndarray

    def embed_images(self, images: np.ndarray, dims: int, power: float) -> np.ndarray:
        """F of image rows (N, p), scaled to length 1: float64 (N, dims)."""
        scaled = self.image_map[:, :dims] * self.correlations[:dims] ** power
        return unit_rows(images @ scaled - self.image_mean @ scaled)

    def embed_texts(self, texts: np.ndarray | Bags, dims: int, power: float) -> np.ndarray:
        """G of caption rows (C, q), scaled to length 1: float64 (C, dims)."""
        scaled = self.text_map[:, :dims] * self.correlations[:dims] ** power
        product = texts.times(scaled) if isinstance(texts, Bags) else texts @ scaled
        return unit_rows(product - self.text_mean @ scaled)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows as float64, each divided by its length; rows of zeros stay."""
    rows = np.asarray(rows, np.float64)
    length = np.sqrt(np.square(rows).sum(1, keepdims=True))
    return rows / np.where(length > 0, length, 1)


def moments(images: np.ndarray, texts: np.ndarray) -> Moments:
    """Moments of n pairs, rows of images (n, p) and texts (n, q)."""
    images, texts = np.asarray(images, np.float64), np.asarray(texts, np.float64)
    image_mean, text_mean = images.mean(0), texts.mean(0)
    images, texts = images - image_mean, texts - text_mean
    n = len(images)
    return Moments(image_mean, text_mean, images.T @ images / n, texts.T @ texts / n, images.T @ texts / n)


def caption_moments(images: np.ndarray, bags: Bags, caption_image: np.ndarray) -> Moments:
    """Moments of all C pairs of a caption with its image, without a dense matrix of captions.

    Equal to `moments(images[caption_image], bags.dense())` up to rounding. Memory: q^2 numbers, and BLOCK rows.

    Args:
        images: (N, p), one row per image.
        bags: of C captions over q words.
        caption_image: int64 (C,), the row of each caption's image.
    """
    images = np.asarray(images, np.float64)
    pairs = len(caption_image)
    captions = np.bincount(caption_image, minlength=len(images))  # of each image
    image_mean = captions @ images / pairs
    text_sum = np.bincount(bags.columns.ravel(), bags.weights.ravel(), minlength=bags.width)
    centred = images - image_mean
    image_cov = (centred * captions[:, None]).T @ centred / pairs
    cross = np.zeros((images.shape[1], bags.width))
    order = np.argsort(caption_image, kind="stable")
    ends = np.searchsorted(caption_image[order], np.arange(0, len(images) + BLOCK, BLOCK))
    for block, (begin, end) in enumerate(itertools.pairwise(ends)):
        rows = order[begin:end]
        of_image = np.zeros((min(BLOCK, len(images) - block * BLOCK), bags.width))  # captions, summed
        place = caption_image[rows, None] - block * BLOCK
        np.add.at(of_image, (place, bags.columns[rows]), bags.weights[rows])
        cross += centred[block * BLOCK : (block + 1) * BLOCK].T @ of_image
    text_mean = text_sum / pairs
    text_cov = bags.second_moment() / pairs - np.outer(text_mean, text_mean)
    # the images are centred, so that the captions' mean drops out of `cross`
    return Moments(image_mean, text_mean, image_cov, text_cov, cross / pairs)


def decompose(found: Moments) -> Spectra:
    """Eigenvalues and eigenvectors of both covariances: O(p^3 + q^3), the greater part of the work."""
    (image_values, image_vectors), (text_values, text_vectors) = map(
        np.linalg.eigh, (found.image_cov, found.text_cov)
    )
    cross = image_vectors.T @ found.cross_cov @ text_vectors
    image_values, text_values = (np.maximum(values, 0) for values in (image_values, text_values))
    return Spectra(found, image_values, image_vectors, text_values, text_vectors, cross)


def canonical(spectra: Spectra, image_ridge: float, text_ridge: float, dims: int) -> Canonical:
    """The first `dims` pairs of canonical directions, or as many as there are.

    The largest entry, by absolute value, of each direction of the images is positive, so that the signs do not
    depend on the linear algebra library.

    Args:
        image_ridge, text_ridge: added to the covariances' diagonals, in units of their mean variance.
    """
    image_root = _inverse_root(spectra.image_values, image_ridge)
    text_root = _inverse_root(spectra.text_values, text_ridge)
    whitened = image_root[:, None] * spectra.cross * text_root
    left, correlations, right = np.linalg.svd(whitened, full_matrices=False)
    image_map = spectra.image_vectors @ (image_root[:, None] * left[:, :dims])
    text_map = spectra.text_vectors @ (text_root[:, None] * right[:dims].T)
    largest = np.abs(image_map).argmax(0)
    signs = np.where(image_map[largest, np.arange(image_map.shape[1])] < 0, -1.0, 1.0)
    found = spectra.moments
    return Canonical(correlations, image_map * signs, text_map * signs, found.image_mean, found.text_mean)


def _inverse_root(values: np.ndarray, ridge: float) -> np.ndarray:
    """(values + ridge * mean)^-1/2; directions that hold nothing but rounding errors, and no ridge, get 0."""
    ridged = values + ridge * values.mean()
    real = ridged > len(values) * np.finfo(np.float64).eps * ridged.max()
    return np.where(real, 1 / np.sqrt(np.where(real, ridged, 1)), 0)


@dataclass(frozen=True)
class Setting:
    """One point of the grid, and what it scored on validation."""

    image_ridge: float
    text_ridge: float
    dims: int
    score: float


def search(
    spectra: Spectra,
    image_ridges: Iterable[float],
    text_ridges: Iterable[float],
    dims: Iterable[int],
    score: Callable[[Canonical, int], float],
) -> tuple[Canonical, Setting, list[Setting]]:
    """Try every setting; the one with the highest score, the first of equals, and all with their scores.

    Args:
        score: of canonical directions and a number of dimensions, on the validation split.
    """
    tried: list[Setting] = []
    best: tuple[Canonical, Setting] | None = None
    dims = sorted(dims)
    for image_ridge, text_ridge in itertools.product(image_ridges, text_ridges):
        found = canonical(spectra, image_ridge, text_ridge, dims[-1])
        for each in dims:
            tried.append(Setting(image_ridge, text_ridge, each, score(found, each)))
            if best is None or tried[-1].score > best[1].score:
                best = found, tried[-1]
    if best is None:
        raise ValueError("the grid is empty")
    return *best, tried
