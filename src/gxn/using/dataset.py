"""The dataset beside some results: its words, its images and its captions, as a row searches them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gxn import paths
from gxn.configuration.root import Configuration
from gxn.datasets.captions import Record, read_captions
from gxn.datasets.sentences import read_texts
from gxn.datasets.tokens import read_vocabulary
from gxn.features.store import read_features
from gxn.using.index import Index
from gxn.using.model import Model
from gxn.using.vocabulary import Vocabulary


@dataclass(frozen=True)
class Dataset:
    """The files of a configuration's dataset."""

    config: Configuration

    def path(self, pattern: str, **values: Any) -> Path:
        """A file of this dataset."""
        return Path(pattern.format(dataset=self.config.dataset.name, **values))

    def features(self, row: str, seed: int, tuned: bool) -> Path:
        """File of the features that a row reads: the dataset's, or those of its own CNN if it is fine-tuned."""
        return self.path(paths.TUNED_FEATURES if tuned else paths.FEATURES, method=row, seed=seed)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the training split."""
        words = tuple(read_vocabulary(self.path(paths.VOCABULARY)))
        settings = self.config.vocabulary
        return Vocabulary(words, settings.tokeniser, settings.max_length)

    @cached_property
    def records(self) -> list[Record]:
        """All images with their captions."""
        return read_captions(self.path(paths.CAPTIONS))

    @cached_property
    def images(self) -> Path | None:
        """Folder of the photographs, or `images.h5` of rendered ones; None: there are features alone."""
        if self.config.dataset.source.renders():
            return self.path(paths.IMAGES)
        folder = self.config.dataset.source.images_folder()
        return Path(folder) if folder else None

    def of(self, split: str | None) -> list[Record]:
        """Images of a split; None: all."""
        return [record for record in self.records if split in (None, record.split)]

    def index_images(self, model: Model, split: str | None = None) -> Index:
        """The dataset's images in the spaces of a row; ids are imgids."""
        records = self.of(split)
        ids = np.array([record.imgid for record in records], np.int64)
        path = self.features(model.row, model.seed, "tuned" in model.about)
        embedded = model.embed_features(read_features(path, ids))
        return Index("images", [self.name(record) for record in records], ids, embedded)

    def index_sentences(self, model: Model, split: str | None = None) -> Index:
        """The dataset's captions in the spaces of a row; ids are sentids.

        Captions without any known word are left out.
        """
        known = set(model.vocabulary.words)
        found = [
            sentence
            for record in self.of(split)
            for sentence in record.sentences
            if not known.isdisjoint(sentence.tokens)
        ]
        texts = read_texts(self.path(paths.CAPTIONS))
        ids = np.array([sentence.sentid for sentence in found], np.int64)
        embedded = model.embed_tokens([sentence.tokens for sentence in found])
        return Index("sentences", [texts[sentence.sentid] for sentence in found], ids, embedded)

    def name(self, record: Record) -> str:
        """Path of a photograph, or the file name of an image that lies in `images.h5` or has features alone."""
        if self.images is None or self.config.dataset.source.renders():
            return record.filename
        return str(self.images / record.filename)

    def pictures(self, ids: Sequence[int]) -> list[np.ndarray | str]:
        """Pictures of imgids, uint8 (H, W, 3), the longer side shrunk to what a page can show; or their names."""
        from gxn.reporting.queries import read_pictures

        return read_pictures(self.images, self.path(paths.CAPTIONS), np.array(ids, np.int64))
