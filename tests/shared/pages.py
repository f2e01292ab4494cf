"""A collection for tests of pages, made up in memory: six pictures of different aspects, two captions each."""

from dataclasses import replace

import numpy as np

from gxn.datasets.captions import Record, Sentence
from gxn.evaluation.embeddings import Embeddings
from gxn.page.collection import Collection, Imagined, Row

IMAGES, SIDES = 6, ((40, 60), (60, 40), (50, 50), (30, 90), (600, 300), (64, 64))
MARKUP = "<script>alert(1)</script> & a \"dog\" in the 'park'"
ROWS = {"near": ("Near", "#0072B2", 0.1), "far": ("Far & <wide>", "#D55E00", 2.0)}


class Painted:
    """Pictures that are one colour each."""

    def read(self, record: Record) -> np.ndarray:
        """Pixels uint8 (H, W, 3)."""
        place = record.imgid % 100
        return np.full((*SIDES[place], 3), (40 * place, 100, 255 - 40 * place), np.uint8)

    def size(self, record: Record) -> tuple[int, int]:
        """Height and width."""
        return SIDES[record.imgid % 100]

    def identity(self, records: list[Record]) -> str:
        """Nothing changes."""
        return "painted"


def made_embeddings(noise: float) -> Embeddings:
    """One space in which captions lie near their images, with noise."""
    random = np.random.default_rng(round(10 * noise))
    images = random.normal(size=(IMAGES, 8))
    texts = np.repeat(images, 2, 0) + noise * random.normal(size=(2 * IMAGES, 8))
    spaces = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (images, texts)]
    return Embeddings(
        spaces=["joint"], images=[spaces[0].astype(np.float32)], texts=[spaces[1].astype(np.float32)],
        weights=[1.0], similarity="cosine", imgid=np.arange(100, 100 + IMAGES), sentid=np.arange(2 * IMAGES),
        caption_image=np.repeat(np.arange(IMAGES), 2), split="test", provenance={},
    )  # fmt: skip


def made_collection(pictures: bool = True, rows: tuple[str, ...] = tuple(ROWS)) -> Collection:
    """The collection; the row `near` imagines, and its decoder has collapsed."""
    text = [f"w{n % 5} w{n % 3} w{n}" for n in range(2 * IMAGES - 1)] + [MARKUP]
    records = [
        Record(
            f"{at}<i>.png",
            100 + at,
            "test",
            tuple(Sentence(2 * at + k, tuple(text[2 * at + k].split())) for k in (0, 1)),
        )
        for at in range(IMAGES)
    ]
    drawn = np.random.default_rng(0).integers(0, 255, (IMAGES, 16, 16, 3), np.uint8)
    imagined = Imagined(
        captions={100 + at: f"said {at} <b>" for at in range(IMAGES)},
        drawings={2 * at: drawn[at] for at in range(IMAGES)},
        warnings=["the decoder's captions are nearly all alike"],
    )
    made = [Row(key, ROWS[key][0], ROWS[key][1], made_embeddings(ROWS[key][2]), None) for key in rows]
    made[0] = replace(made[0], imagined=imagined)
    first = made[0].embeddings
    return Collection(
        "parks", records, text, first.caption_image, first.sentid, Painted() if pictures else None, made
    )
