"""A tiny trained row behind the pages, so that questions are really answered."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from pages import made_collection
from PIL import Image
from tiny import train

from gxn.datasets.captions import Record
from gxn.datasets.words import SPECIAL
from gxn.page.live import Live
from gxn.page.site import Site
from gxn.using.model import Model, read_model
from gxn.using.photographs import Files
from gxn.using.vocabulary import Vocabulary


class Means:
    """Stands for the CNN: 16 numbers of a picture's mean colour."""

    sha256 = "means"

    def features(self, paths):
        """Features float32 (N, 16)."""
        means = [Files().read(Record(str(path), 0, "test", ())).mean(axis=(0, 1)) for path in paths]
        return np.stack([np.resize(mean / 255, 16) for mean in means]).astype(np.float32)


@dataclass(frozen=True)
class Asked:
    """Pages with a trained row `near` that answers, and files of the collection's pictures, in its order."""

    site: Site
    live: Live
    model: Model
    pictures: list[Path]


def make_asked(pretrained_data: dict[str, Path], folder: Path) -> Asked:
    """Train a tiny row that captions and draws, and show it beside one that cannot be asked."""
    data = Path(shutil.copytree(pretrained_data["data"], folder / "data"))
    stages = {name: path for name, path in pretrained_data.items() if name != "data"}
    checkpoint = train(data, "joint", "joint", "both", **stages)
    words = Vocabulary((*SPECIAL, *(f"w{at}" for at in range(8))), "words", 30)
    model = read_model(
        checkpoint, torch.device("cpu"), row="near", seed=3, dataset="parks", vocabulary=words,
        photographs=Means(), longest=6,
    )  # fmt: skip
    made, paths = made_collection(), []
    for record in made.records:
        paths.append(folder / f"{record.imgid}.png")
        Image.fromarray(made.images.read(record)).save(paths[-1])
    images = model.embed_features(Means().features(paths))
    texts = model.embed_tokens([text.split(" ") for text in made.sentences])
    embeddings = replace(
        made.rows[0].embeddings,
        spaces=list(images),
        images=list(images.values()),
        texts=[texts[space] for space in images],
        weights=list(model.encoders.weights),
        similarity=model.encoders.settings.similarity,
    )
    collection = replace(made, rows=[replace(made.rows[0], embeddings=embeddings), made.rows[1]])
    site = Site(collection, live=True)
    return Asked(site, Live(site.views, {"near": model}), model, paths)
