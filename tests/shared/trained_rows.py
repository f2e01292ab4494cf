"""A repository's folder with tiny trained rows of photographs: what the commands of use work on."""

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import yaml
from PIL import Image
from small import ROOT
from tiny import SPLITS, TINY, pretrain, train, write_data

from gxn.configuration.files import overlay
from gxn.datasets.captions import Record, Sentence
from gxn.datasets.tokens import read_tokens, write_tokens
from gxn.files import save_tensors, write_json
from gxn.models.plain_cnn import PlainCnn
from gxn.steps import document_frequencies, features

SEED = 3  # of `train`
ENGLISH = {"w0": "two", "w4": "people", "w5": "dog", "w6": "runs", "w7": "grass"}
OWN = {
    "seeds": [SEED],
    "dataset": {"source": {"kind": "images", "images": "photos", "captions": "mine.csv"}},
    "cnn": {"name": "plain", "layer": "pool", "weights": "cnn.safetensors"},
    "features": {"crop": 32, "resize": None, "batch_size": 8},
    "methods": dict.fromkeys(("vse0", "vsepp", "order", "abstract", "two_space", "cca"))
    | dict.fromkeys(("gxn_i2t_xe", "gxn_i2t_mix", "gxn_t2i", "gxn_i2t_t2i")),
    "significance": {"control": "plain"},
}


def make_trained(root: Path) -> Path:
    """Write photographs, data, checkpoints, curves and measures; return the configuration file, relative."""
    shutil.copy(ROOT / "params.yaml", root)
    random = np.random.default_rng(1)
    (root / "photos").mkdir()
    for at in range(len(SPLITS)):
        Image.fromarray(random.integers(0, 256, (40, 36, 3), np.uint8)).save(root / f"photos/{at}.png")
    torch.manual_seed(0)
    save_tensors(root / "cnn.safetensors", PlainCnn().state_dict(), {})
    merged: dict = {}
    for each in (TINY, OWN):
        overlay(merged, each)
    (root / "config").mkdir()
    (root / "config/mine.yaml").write_text(yaml.safe_dump(merged, sort_keys=False), encoding="utf-8")
    data = root / "data/tiny"
    data.mkdir(parents=True)
    write_data(data)
    records = _in_english(data)
    write_json(data / "captions.json", {"images": [asdict(record) for record in records]})
    files = (root / "params.yaml", root / "config/mine.yaml")
    features.features(
        features.Arguments(
            config=files,
            captions=data / "captions.json",
            images=root / "photos",
            weights=root / "cnn.safetensors",
            resume=root / "scratch",
            out=data / "features.h5",
        )
    )
    made = pretrain(data)
    for row in ("plain", "both"):
        path = train(
            data, row, "joint", row, {"joint": {"epochs": 1}}, **made if row == "both" else _alone(made)
        )
        for kind, suffix in (("checkpoints", "safetensors"), ("curves", "csv")):
            target = root / f"results/tiny/{kind}/joint/{row}/seed{SEED}.{suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path.with_suffix(f".{suffix}"), target)
    return Path("config/mine.yaml")


def _in_english(data: Path) -> list[Record]:
    """Put words of English in the place of some of `write_data`'s, in every file that has words."""
    records = []
    for split in ("train", "val", "test"):
        found = read_tokens(data / "tokens.h5", split)
        words = [ENGLISH.get(word, word) for word in found.words]
        sentences: list[list[Sentence]] = [[] for _ in found.imgid]
        for at, image in enumerate(found.caption_image.tolist()):
            ids = found.tokens[found.offsets[at] : found.offsets[at + 1]]
            sentences[image].append(Sentence(int(found.sentid[at]), tuple(words[each] for each in ids)))
        records += [
            Record(f"{imgid - 100}.png", imgid, split, tuple(own))
            for imgid, own in zip(found.imgid.tolist(), sentences, strict=True)
        ]
    write_json(data / "vocabulary.json", {"words": words})
    write_tokens(data / "tokens.h5", records, words, 30)
    given = document_frequencies.Arguments(tokens=data / "tokens.h5", out=data / "frequencies.h5")
    document_frequencies.document_frequencies(given)
    return records


def _alone(made: dict[str, Path]) -> dict[str, Path]:
    """A row that imagines nothing starts from encoders alone, by the step that ranks."""
    from gxn.steps import train_ranking

    return {"encoders": made["encoders"], "step": train_ranking}
