"""Captions and features of about the statistics of COCO: word frequencies by Zipf, ten or eleven words."""

from dataclasses import dataclass

import numpy as np
import torch

from gxn.datasets.tokens import Captions
from gxn.training.data import Split

SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>")
PER_IMAGE = 5


@dataclass(frozen=True)
class Made:
    """One set of captions in all the forms that the package and the plain loop read."""

    captions: Captions
    split: Split
    sentences: list[str]

    def references(self) -> list[list[list[int]]]:
        """Word ids of each image's captions."""
        rows = np.split(self.captions.tokens, self.captions.offsets[1:-1])
        return [[row.tolist() for row in rows[at : at + PER_IMAGE]] for at in range(0, len(rows), PER_IMAGE)]


def made(images: int, words: int, feature: int) -> Made:
    """Captions whose words repeat within an image, as those of one scene do."""
    rng = np.random.default_rng(0)
    names = (*SPECIAL, *(f"w{id}" for id in range(len(SPECIAL), words)))
    share = 1 / (np.arange(words - len(SPECIAL)) + 3)
    scenes = len(SPECIAL) + rng.choice(len(share), (images, 14), p=share / share.sum())
    owners = np.repeat(np.arange(images), PER_IMAGE)
    lengths = np.clip(rng.normal(10.5, 2, len(owners)).round().astype(int), 6, 20)
    rows = [
        scenes[owner][np.sort(rng.integers(0, 14, length))]
        for owner, length in zip(owners, lengths, strict=True)
    ]
    tokens = np.zeros((len(rows), lengths.max()), np.int64)
    for padded, row in zip(tokens, rows, strict=True):
        padded[: len(row)] = row
    numbers = np.arange(images), np.arange(len(owners))
    flat, offsets = np.concatenate(rows).astype(np.int32), np.concatenate([[0], np.cumsum(lengths)])
    features = torch.from_numpy(np.abs(rng.standard_normal((images, feature), np.float32)))
    split = Split(
        name="train",
        features=features,
        tokens=torch.from_numpy(tokens),
        lengths=torch.from_numpy(lengths),
        caption_image=torch.from_numpy(owners),
        imgid=numbers[0],
        sentid=numbers[1],
        words=names,
    )
    captions = Captions(flat, offsets, numbers[0], owners, numbers[1], names, "made")
    return Made(captions, split, [" ".join(names[id] for id in row) for row in rows])
