"""Sentences and pictures that a visitor brings: what the trained rows find, say and draw of them."""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from gxn.datasets.captions import Record
from gxn.datasets.tokenisers import tokeniser
from gxn.errors import GxnError
from gxn.page.collection import BEST, Row
from gxn.page.pictures import webp
from gxn.page.views import Found, Hit, Views
from gxn.using.model import Model
from gxn.using.photographs import Files

CLOSE = 1e-2  # of a coordinate: embeddings of one picture computed alone and in a batch differ by less


class Live:
    """The rows that answer.

    Args:
        views: of the collection that is searched.
        models: trained rows by their keys; others, such as embeddings made elsewhere, cannot be asked.
    """

    def __init__(self, views: Views, models: Mapping[str, Model]) -> None:
        self.views = views
        self.rows = [(row, models[row.key]) for row in views.collection.rows if row.key in models]
        self._turn = Lock()  # one question at a time: each uses all processors

    def search(self, sentence: str) -> dict[str, Any]:
        """Search and draw for a sentence, by each row.

        Raises:
            GxnError: no word of it is known.
        """
        collection, vocabulary = self.views.collection, self.rows[0][1].vocabulary
        asked = tuple(tokeniser(vocabulary.tokeniser)(sentence))
        own = [
            place
            for place, record in enumerate(collection.records)
            if any(each.tokens == asked for each in record.sentences)
        ]

        def hit(image: int, score: str) -> Hit:
            return Hit(self.views.picture(image), image in own, score=score)

        with self._turn:
            scored = [
                (row, model.scores(_spaces(row, "images"), model.embed_texts([sentence]))[:, 0])
                for row, model in self.rows
            ]
            drawn = [(row, _data_uri(model.draw([sentence])[0])) for row, model in self.rows if model.drawer]
        return {
            "query": sentence,
            "unknown": vocabulary.unknown(sentence),
            "own": [self.views.picture(image) for image in own],
            "found": [_found(row, scores, own, hit) for row, scores in scored],
            "drawn": drawn,
        }

    def look(self, path: Path) -> dict[str, Any]:
        """Search for and describe the photograph at `path`, by each row.

        Raises:
            GxnError: it cannot be read, or the rows were trained on precomputed features and have no CNN.
        """
        collection = self.views.collection
        pixels = Files().read(Record(str(path), 0, "test", ()))
        with self._turn:
            features = self._features(path)
            embedded = {
                row.key: model.embed_features(each)
                for (row, model), each in zip(self.rows, features, strict=True)
            }
            spoken = [
                (row, model.caption_features(each)[0])
                for (row, model), each in zip(self.rows, features, strict=True)
                if model.decoder
            ]
            scored = [
                (row, model.scores(embedded[row.key], _spaces(row, "texts"))[0]) for row, model in self.rows
            ]
        same = self._same(pixels, embedded)
        own = [] if same is None else collection.captions_of[same]

        def hit(caption: int, score: str) -> Hit:
            picture = self.views.picture(int(collection.caption_image[caption]))
            return Hit(picture, caption in own, collection.sentences[caption], score)

        return {
            "picture": _data_uri(pixels),
            "same": None if same is None else self.views.picture(same),
            "spoken": spoken,
            "found": [_found(row, scores, own, hit) for row, scores in scored],
        }

    def _features(self, path: Path) -> list[np.ndarray]:
        """Features (1, F) of the photograph for each row; rows with one CNN share them."""
        known: dict[str, np.ndarray] = {}
        for row, model in self.rows:
            if model.photographs is None:
                raise GxnError(
                    f"Row {row.label} was trained on precomputed features: it has no CNN to read a picture."
                )
            if model.photographs.sha256 not in known:
                known[model.photographs.sha256] = model.photographs.features([path])
        return [known[model.photographs.sha256] for _, model in self.rows]

    def _same(self, pixels: np.ndarray, embedded: Mapping[str, Mapping[str, np.ndarray]]) -> int | None:
        """The row of the collection's picture that has these pixels, if it has it."""
        collection, row = self.views.collection, self.rows[0][0]
        if collection.images is None:
            return None
        spaces = _spaces(row, "images")
        away = sum(np.abs(spaces[space] - embedded[row.key][space]).max(axis=1) for space in spaces)
        place = int(away.argmin())
        if away[place] > CLOSE * len(spaces):
            return None
        return place if np.array_equal(collection.images.read(collection.records[place]), pixels) else None


def _spaces(row: Row, side: str) -> dict[str, np.ndarray]:
    """The collection's images or texts in the spaces of a row."""
    return dict(zip(row.embeddings.spaces, getattr(row.embeddings, side), strict=True))


def _found(row: Row, scores: np.ndarray, own: Sequence[int], hit: Callable[[int, str], Hit]) -> Found:
    """The best items by their scores (N,), and the rank of the best of the true ones, `own`; ties count half."""
    rank = ""
    if len(own):
        top, others = scores[own].max(), np.delete(scores, own)
        rank = f"{1 + (others > top).sum() + 0.5 * (others == top).sum():g}"
    best = np.argsort(-scores, kind="stable")[:BEST].tolist()
    return Found(row, rank, [hit(item, f"{scores[item]:.3f}".replace("-", "−")) for item in best])


def _data_uri(pixels: np.ndarray) -> str:
    """A picture inside the page: nothing that a visitor brings is kept."""
    return f"data:image/webp;base64,{base64.b64encode(webp(pixels)).decode()}"
