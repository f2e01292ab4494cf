"""Embeddings of a split by trained encoders."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from gxn.evaluation.embeddings import Embeddings
from gxn.models.encoders import Encoders
from gxn.training.data import Split
from gxn.training.matching import embed

Embed = Callable[[Split], tuple[list[Tensor], list[Tensor]]]


def embed_split(
    encoders: Encoders, split: Split, provenance: Mapping[str, Any], embedded: Embed | None = None
) -> Embeddings:
    """Embed a split's images and captions in every space, with what made the encoders.

    Args:
        embedded: how, where it is not by the encoders alone.
    """
    images, texts = embedded(split) if embedded else embed(encoders.eval(), split)
    return Embeddings(
        spaces=list(encoders.spaces),
        images=[each.numpy(force=True) for each in images],
        texts=[each.numpy(force=True) for each in texts],
        weights=encoders.weights,
        similarity=encoders.settings.similarity,
        imgid=split.imgid,
        caption_image=split.caption_image.numpy(force=True),
        sentid=split.sentid,
        split=split.name,
        provenance=dict(provenance),
    )
