"""A trained row in use: images and sentences into its spaces, captions of images, drawings of sentences."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gxn.errors import GxnError
from gxn.files import load_tensors
from gxn.losses.similarity import score
from gxn.models.decoder import CaptionDecoder
from gxn.models.encoders import GROUNDED, Encoders, encode_captions
from gxn.models.generator import ConditioningAugmentation, Generator
from gxn.models.pictures import draw
from gxn.training.checkpoint import read_decoder, read_drawing_networks, read_encoders
from gxn.using.index import Embedded, Found, Index
from gxn.using.photographs import Photographs
from gxn.using.vocabulary import Vocabulary

BATCH = 256


@dataclass(frozen=True)
class Model:
    """A row of one seed.

    Attributes:
        row, seed, dataset: of the results that it is from.
        photographs: how photographs become features; None: the features were given ready, without a CNN.
        decoder: None: the row does not caption.
        drawer: None: the row does not draw.
        longest: words of a caption at most.
        about: metadata of the checkpoint.
        warnings: what has collapsed of its imagination, in sentences.
    """

    row: str
    seed: int
    dataset: str
    encoders: Encoders
    vocabulary: Vocabulary
    photographs: Photographs | None
    decoder: CaptionDecoder | None
    drawer: tuple[ConditioningAugmentation, Generator] | None
    longest: int
    about: dict[str, Any] = field(repr=False)
    warnings: Sequence[str] = ()

    def embed_texts(self, sentences: Sequence[str]) -> Embedded:
        """Embeddings float32 (N, D) of sentences, by space.

        Raises:
            GxnError: a sentence has no known word.
        """
        return self._by_space(self._encode(*self.vocabulary.encode(sentences)))

    def embed_tokens(self, parted: Sequence[Sequence[str]]) -> Embedded:
        """Embeddings float32 (N, D), by space, of sentences that are tokens already, each of one or more."""
        return self._by_space(self._encode(*self.vocabulary.encode_tokens(parted)))

    def embed_images(self, paths: Sequence[str | Path]) -> Embedded:
        """Embeddings float32 (N, D) of photographs, by space.

        Raises:
            GxnError: one cannot be read, or the row has no CNN.
        """
        return self.embed_features(self._cnn().features(paths))

    @torch.no_grad()
    def embed_features(self, features: np.ndarray) -> Embedded:
        """Embeddings float32 (N, D), by space, of features (N, F) as the row was trained on.

        Raises:
            GxnError: they have another width.
        """
        return self._by_space(self.encoders.images(self._checked(features)))

    def index_images(self, paths: Sequence[str | Path]) -> Index:
        """Photographs that can be searched; ids are their places."""
        embedded = self.embed_images(paths)
        return Index("images", [str(path) for path in paths], np.arange(len(paths)), embedded)

    def index_folder(self, folder: str | Path) -> Index:
        """All photographs below a folder; their features are kept, so that the second time takes no time.

        Those that cannot be read are left out with a warning.

        Raises:
            GxnError: there is none that can be read.
        """
        names, features = self._cnn().features_of_folder(Path(folder))
        paths = [str(Path(folder, name)) for name in names]
        return Index("images", paths, np.arange(len(paths)), self.embed_features(features))

    def index_texts(self, sentences: Sequence[str]) -> Index:
        """Sentences that can be searched; ids are their places."""
        return Index("sentences", list(sentences), np.arange(len(sentences)), self.embed_texts(sentences))

    def search(self, query: str | Path, index: Index, count: int = 10) -> list[Found]:
        """The best `count` of an index: images for a sentence, sentences for the path of a photograph."""
        if index.kind == "images":
            return index.best(self.scores(index.embedded, self.embed_texts([str(query)]))[:, 0], count)
        return index.best(self.scores(self.embed_images([query]), index.embedded)[0], count)

    @torch.no_grad()
    def scores(self, images: Embedded, texts: Embedded) -> np.ndarray:
        """Similarities of images (N, D) and texts (M, D): float32 (N, M), higher is more alike."""
        sides = [
            [torch.from_numpy(side[space]) for space in self.encoders.spaces] for side in (images, texts)
        ]
        return score(self.encoders.settings.similarity, *sides, self.encoders.weights).numpy()

    def caption(self, paths: Sequence[str | Path]) -> list[str]:
        """A caption of each photograph.

        Raises:
            GxnError: the row does not caption, or as `embed_images`.
        """
        self._need(self.decoder, "caption")
        return self.caption_features(self._cnn().features(paths))

    @torch.no_grad()
    def caption_features(self, features: np.ndarray) -> list[str]:
        """A caption of each image of features (N, F).

        Raises:
            GxnError: the row does not caption, or the features have another width.
        """
        decoder = self._need(self.decoder, "caption")
        captions = decoder.greedy(self.encoders.image_space(self._checked(features), GROUNDED), self.longest)
        return [self.vocabulary.text(ids) for ids in captions.tolist()]

    def draw(self, sentences: Sequence[str], noise: int = 0) -> np.ndarray:
        """A drawing of each sentence, uint8 (N, S, S, 3), from the noise of a seed.

        Raises:
            GxnError: the row does not draw, or a sentence has no known word.
        """
        augmentation, generator = self._need(self.drawer, "draw")
        encoded = self._encode(*self.vocabulary.encode(sentences))
        grounded = encoded[self.encoders.spaces.index(GROUNDED)]
        with torch.random.fork_rng():
            torch.manual_seed(noise)
            return draw(augmentation, generator, grounded, BATCH).transpose(0, 2, 3, 1)

    def _cnn(self) -> Photographs:
        if self.photographs is None:
            raise GxnError(
                f"row {self.row} was trained on precomputed features (features.file), so no photograph can be "
                "read; in Python, embed_features takes features of the same kind"
            )
        return self.photographs

    def _need(self, networks: Any, what: str) -> Any:
        if networks is None:
            raise GxnError(f"row {self.row} does not {what}")
        return networks

    def _encode(self, tokens: np.ndarray, lengths: np.ndarray) -> list[Tensor]:
        device = next(self.encoders.parameters()).device
        ids = torch.from_numpy(tokens).to(device)
        return encode_captions(self.encoders, ids, torch.from_numpy(lengths), BATCH)

    def _checked(self, features: np.ndarray) -> Tensor:
        width = self.about["sizes"]["feature_dim"]
        if features.ndim != 2 or features.shape[1] != width:
            raise GxnError(f"features: must be (N, {width}), not {features.shape}")
        return torch.from_numpy(features).to(next(self.encoders.parameters()).device)

    def _by_space(self, embedded: Sequence[Tensor]) -> Embedded:
        return {
            space: each.numpy(force=True) for space, each in zip(self.encoders.spaces, embedded, strict=True)
        }


def read_model(path: Path, device: torch.device, **attributes: Any) -> Model:
    """The row of a checkpoint; `attributes` are those of `Model` that the file does not have.

    Raises:
        GxnError: the file is missing or damaged.
    """
    encoders, about = read_encoders(path)
    modules = {name.partition(".")[0] for name in load_tensors(path)[0]}
    drawer = read_drawing_networks(path) if "generator" in modules else None
    return Model(
        encoders=encoders.to(device),
        decoder=read_decoder(path).to(device) if "decoder" in modules else None,
        drawer=drawer and (drawer[0].to(device), drawer[1].to(device)),
        about=about,
        **attributes,
    )
