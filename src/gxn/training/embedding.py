"""Embeddings of a split by trained encoders."""

from collections.abc import Mapping
from typing import Any

from gxn.evaluation.embeddings import Embeddings
from gxn.models.encoders import Encoders
from gxn.training.data import Split
from gxn.training.matching import embed


def embed_split(encoders: Encoders, split: Split, provenance: Mapping[str, Any]) -> Embeddings:
    """Embed a split's images and captions in every space, with what made the encoders."""
    images, texts = embed(encoders.eval(), split)
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
