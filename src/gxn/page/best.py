"""The best candidates of every query of a run, in both directions."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from gxn.evaluation.embeddings import Embeddings
from gxn.losses.similarity import score

QUERIES = 256  # whose scores are held at a time


def best_captions(embeddings: Embeddings, count: int) -> np.ndarray:
    """Rows of the best captions of every image, int64 (N, count), best first; equal ones in the file's order."""
    images, texts = _tensors(embeddings.images), _tensors(embeddings.texts)
    parts = (score(embeddings.similarity, part, texts, embeddings.weights) for part in _parts(images))
    return np.concatenate([_first(scores, count) for scores in parts])


def best_images(embeddings: Embeddings, count: int) -> np.ndarray:
    """Rows of the best images of every caption, int64 (M, count), best first; equal ones in the file's order."""
    images, texts = _tensors(embeddings.images), _tensors(embeddings.texts)
    parts = (score(embeddings.similarity, images, part, embeddings.weights) for part in _parts(texts))
    return np.concatenate([_first(scores.T, count) for scores in parts])


def _tensors(spaces: Sequence[np.ndarray]) -> list[torch.Tensor]:
    return [torch.from_numpy(each) for each in spaces]


def _parts(spaces: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Yield the same rows of every space, QUERIES at a time."""
    for start in range(0, len(spaces[0]), QUERIES):
        yield [space[start : start + QUERIES] for space in spaces]


def _first(scores: torch.Tensor, count: int) -> np.ndarray:
    """Columns of the highest scores of each row."""
    return np.argsort(-scores.numpy(), axis=1, kind="stable")[:, :count]
