"""A small good file for every reader, how it is read, and when an answer that is no error is right."""

import json
import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from samples_given import given

from gxn.configuration.files import check
from gxn.configuration.networks import EncoderSettings
from gxn.datasets import captions, images, karpathy, tokens
from gxn.evaluation.embeddings import read_embeddings
from gxn.evaluation.metrics import RECALL_COLUMNS
from gxn.evaluation.ranked import read_ranks
from gxn.features.cnn import build
from gxn.features.store import read_features
from gxn.files import read_json, save_tensors, write_json
from gxn.hdf5 import create_hdf5
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.reporting.queries import read_drawn, read_spoken
from gxn.reporting.runs import read_runs
from gxn.rewards.frequencies import build_frequencies, read_frequencies, write_frequencies
from gxn.training.checkpoint import read_encoders
from gxn.training.drawing import read_gan_images
from gxn.training.resume import Resume

ROOT = Path(__file__).parents[2]
WORDS = ["two", "dogs", "run", "across", "grass", "é", "犬", "🐕"]
IDS = np.array([7, 3, 11, 5])


@dataclass(frozen=True)
class Sample:
    """A file that is good, its reader, and `right(path, answer)`: whether a damaged file's answer is right.

    `right` of None: the only right answer is that of the good file. `kind` says which damage suits.
    """

    path: Path
    read: Callable[[Path], Any]
    kind: str
    right: Callable[[Path, Any], bool] | None = None


def same(a: Any, b: Any) -> bool:
    """Equal, through dataclasses, containers, arrays and networks; to the bit."""
    if isinstance(a, torch.nn.Module):
        a, b = a.state_dict(), b.state_dict()
    if is_dataclass(a):
        return type(a) is type(b) and same(vars(a), vars(b))
    if torch.is_tensor(a):
        a, b = a.numpy(), b.numpy()
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def karpathy_json() -> dict[str, Any]:
    """A good JSON of six images with two captions each."""
    entries = []
    for row, split in enumerate(["train", "restval", "train", "val", "test", "test"]):
        sentids = [2 * row, 2 * row + 1]
        sentences = [
            {"raw": f"{WORDS[(row + k) % 8]} {WORDS[k]}.", "imgid": row, "sentid": sentid,
             "tokens": [WORDS[(row + k) % 8], WORDS[k]]}
            for k, sentid in enumerate(sentids)
        ]  # fmt: skip
        entries.append(
            {
                "filename": f"é {row}.jpg",
                "imgid": row,
                "split": split,
                "sentids": sentids,
                "sentences": sentences,
            }
        )
    return {"dataset": "d", "images": entries}


def prepared(document: Any) -> dict[str, Any]:
    """The result that `normalise` must give for a document that it accepts, said independently of it."""
    made = []
    for image in document["images"]:
        name = f"{image['filepath']}/{image['filename']}" if image.get("filepath") else image["filename"]
        sentences = [(each["sentid"], each["raw"], each.get("tokens")) for each in image["sentences"]]
        made.append((name, image["imgid"], image["split"].replace("restval", "train"), sentences))
    return made


def right_karpathy(path: Path, answer: dict[str, Any]) -> bool:
    expected = prepared(json.loads(path.read_text(encoding="utf-8")))
    found = []
    for image, (*_, sentences) in zip(answer["images"], expected, strict=True):
        given = [
            (each["sentid"], each["raw"], None if tokens is None else each["tokens"])
            for each, (_, _, tokens) in zip(image["sentences"], sentences, strict=True)
        ]
        found.append((image["filename"], image["imgid"], image["split"], given))
    composed = [
        (*rest, [(i, raw, t and [unicodedata.normalize("NFC", w.strip()) for w in t]) for i, raw, t in each])
        for *rest, each in expected
    ]
    return found == composed and bool(json.dumps(answer, ensure_ascii=False).encode())


def right_captions(path: Path, answer: list) -> bool:
    images = json.loads(path.read_text(encoding="utf-8"))["images"]
    return [
        (r.filename, r.imgid, r.split, [(s.sentid, list(s.tokens)) for s in r.sentences]) for r in answer
    ] == [
        (i["filename"], i["imgid"], i["split"], [(s["sentid"], s["tokens"]) for s in i["sentences"]])
        for i in images
    ]


def right_runs(path: Path, answer: list) -> bool:
    """Numbers are those of the file, finite, and their sum is right."""
    protocols = json.loads(path.read_text(encoding="utf-8"))["protocols"]
    for run, found in zip(answer, protocols.values(), strict=True):
        for name in RECALL_COLUMNS:
            if run.numbers[name] != float(found[name[:3]][name[4:]]) or not 0 <= run.numbers[name] <= 100:
                return False
        if not math.isclose(
            sum(run.numbers[name] for name in RECALL_COLUMNS), run.numbers["rsum"], abs_tol=1e-5
        ):
            return False
    return True


def right_image(path: Path, answer: np.ndarray) -> bool:
    """A photograph is what its bytes decode to: only the form can be checked."""
    return answer.dtype == np.uint8 and answer.ndim == 3 and answer.shape[2] == 3 and answer.size > 0


def flat(value: Any, path: tuple = ()) -> dict[tuple, Any]:
    """Leaves of a tree, by their path; a list is a leaf."""
    if isinstance(value, dict):
        return {p: leaf for key, each in value.items() for p, leaf in flat(each, (*path, key)).items()}
    return {path: value}


NULLABLE = {"weights", "file", "resize", "val_subset", "lr_decay_epoch", "patience"}


def right_configuration(path: Path, answer: Any) -> bool:
    """Accepted, so every leaf is finite and of the kind that the default has."""
    good = flat(yaml.safe_load((ROOT / "params.yaml").read_text()))
    for place, value in flat(answer).items():
        if place[0] in ("methods", "encoders") or (value is None and place[-1] in NULLABLE):
            continue
        default = good.get(place)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and not math.isfinite(value):
            return False
        if default is None or type(value) is type(default) or place[-1] in NULLABLE:
            continue
        if not number or (isinstance(default, int) and value != int(value)):
            return False
    return True


def configuration(path: Path) -> Any:
    value = read_json(path)
    check(value, str(path))
    return value


def make(folder: Path) -> dict[str, Sample]:
    """Write the good files under `folder`."""
    random = np.random.default_rng(0)
    samples = {}

    def add(name: str, file: str, read: Callable, kind: str, right: Callable | None = None) -> Path:
        samples[name] = Sample(folder / file, read, kind, right)
        return folder / file

    path = add(
        "karpathy",
        "karpathy.json",
        lambda p: karpathy.normalise(read_json(p), "d", str(p)),
        "json",
        right_karpathy,
    )
    write_json(path, karpathy_json())
    path = add("captions", "captions.json", captions.read_captions, "json", right_captions)
    write_json(path, karpathy.normalise(karpathy_json(), "d", ""))
    records = captions.read_captions(path)
    words = tokens.build_vocabulary(records, 1)
    path = add("vocabulary", "vocabulary.json", tokens.read_vocabulary, "json",
               lambda p, answer: answer == json.loads(p.read_text(encoding="utf-8"))["words"])  # fmt: skip
    write_json(path, {"words": words})
    path = add("tokens", "tokens.h5", lambda p: tokens.read_tokens(p, "train"), "hdf5")
    tokens.write_tokens(path, records, words, 9)
    train = tokens.read_tokens(path, "train")
    path = add("frequencies", "frequencies.h5", lambda p: read_frequencies(p, train.vocabulary), "hdf5")
    write_frequencies(path, build_frequencies(train), train.vocabulary)
    hdf5(add, random)
    checkpoints(add)
    metrics(add)
    pictures(add, random)
    path = add("configuration", "configuration.json", configuration, "json", right_configuration)
    write_json(path, yaml.safe_load((ROOT / "params.yaml").read_text()))
    given(add, ROOT / "params.yaml", right_configuration)
    return samples


def hdf5(add: Callable, random: np.random.Generator) -> None:
    """Features, images to learn to draw, drawings, embeddings, ranks, packed images."""
    path = add("features", "features.h5", lambda p: read_features(p, IDS[[2, 0]]), "hdf5")
    with create_hdf5(path, {"cnn": "c"}) as file:
        file["features"], file["imgid"] = random.standard_normal((4, 6)).astype(np.float32), IDS
    split = SimpleNamespace(imgid=IDS[[2, 0, 1, 3]], features=torch.zeros(0))
    path = add("gan_images", "gan_images.h5", lambda p: read_gan_images(p, split), "hdf5")
    with create_hdf5(path, {"size": 5}) as file:
        file["images"], file["imgid"] = random.integers(0, 256, (4, 3, 5, 5), np.uint8), IDS
    path = add("drawn", "drawn.h5", read_drawn, "hdf5")
    with create_hdf5(path, {"provenance": {}}) as file:
        file["images"], file["sentid"] = random.integers(0, 256, (4, 3, 5, 5), np.uint8), IDS
    record = captions.Record("a", 11, "test", ())
    path = add("packed", "packed.h5", lambda p: images.open_images(p).read(record), "hdf5")
    with create_hdf5(path, {}) as file:
        file["images"], file["imgid"] = random.integers(0, 256, (4, 5, 5, 3), np.uint8), IDS
    path = add("embeddings", "embeddings.h5", read_embeddings, "hdf5")
    about = {
        "similarity": "order",
        "weights": {"a": 0.3, "b": 0.7},
        "split": "test",
        "provenance": {"config": "x"},
    }
    owners = np.array([0, 0, 1, 2, 3, 3])
    with create_hdf5(path, about) as file:
        for space in "ab":
            file[f"image/{space}"] = random.random((4, 3), np.float32)
            file[f"text/{space}"] = random.random((6, 3), np.float32)
        file["imgid"], file["caption_image"], file["sentid"] = IDS, owners, np.arange(6)
    path = add("ranks", "ranks.h5", lambda p: [vars(r) | {"path": 0} for r in read_ranks([p], ["m"])], "hdf5")
    with create_hdf5(path, {"dataset": "d", "method": "m", "seed": 0, "provenance": {}}) as file:
        for name, value in {"i2t": np.ones(4), "t2i": np.full(6, 1.5), "imgid": IDS, "sentid": np.arange(6),
                            "caption_image": owners, "fold": np.zeros(4, np.int64)}.items():  # fmt: skip
            file[f"full/{name}"] = value


def checkpoints(add: Callable) -> None:
    """A checkpoint of encoders, weights of a CNN, a state to resume from."""
    path = add("checkpoint", "checkpoint.safetensors", read_encoders, "tensors")
    settings = EncoderSettings(
        spaces=("abstract", "grounded"), similarity="order", abstract_weight=0.5, normalise=True, absolute=True,
        abstract_pooling="mean", grounded_pooling="last", word_embeddings="shared", same_image_negatives=False,
        each_space_weight=0.0,
        drop_features=0.0,
        drop_words=0.0,
        drop_states=0.0,
    )  # fmt: skip
    sizes = EncoderSizes(feature_dim=6, vocab_size=9, embed_dim=4, text_hidden=5, joint_dim=3)
    torch.manual_seed(0)
    state = {f"encoders.{k}": v for k, v in Encoders(settings, sizes).state_dict().items()}
    save_tensors(path, state, {"encoder": settings.model_dump(mode="json"), "sizes": sizes.model_dump()})
    path = add("weights", "weights.safetensors", lambda p: build("shufflenet_v2_x0_5", p), "tensors")
    save_tensors(path, build("shufflenet_v2_x0_5", None).state_dict(), {})
    state = {"modules": {"m": {"w": torch.arange(9.0)}}, "history": [{"epoch": 1}], "best": None}
    path = add("resume", "resume/last.pt", _state, "resume",
               lambda p, answer: answer is None or same(answer, state | {"fingerprint": "r"}))  # fmt: skip
    Resume(path.parent, "r").save(state)


def _state(path: Path) -> dict[str, Any] | None:
    """The state, without the processor time that it took."""
    found = Resume(path.parent, "r").load()
    return None if found is None else {name: each for name, each in found.items() if name != "cpu_seconds"}


def metrics(add: Callable) -> None:
    """Metrics of a run and what it imagined."""
    path = add("metrics", "metrics.json", lambda p: read_runs([p], ["m"]), "json", right_runs)
    side = {"r1": 10.0, "r5": 20.0, "r10": 40.0, "medr": 12.0, "meanr": 15.5, "mrr": 0.2}
    numbers = {"i2t": side, "t2i": side, "rsum": 140.0, "images": 10, "captions": 20, "tied": 0.0}
    about = {"config": "c", "data": "d", "seed": 0, "versions": {}}
    write_json(path, {"dataset": "d", "method": "m", "seed": 0, "split": "test", "protocols": {"full": numbers},
                      "spaces": {}, "provenance": about})  # fmt: skip
    path = add("spoken", "spoken.json", lambda p: read_spoken(p, IDS[:2]), "json",
               lambda p, answer: answer is None or all(isinstance(each, str) for each in answer))  # fmt: skip
    write_json(path, {"captions": {str(each): "two dogs" for each in IDS}})


def pictures(add: Callable, random: np.random.Generator) -> None:
    """Photographs in three formats."""
    picture = Image.fromarray(random.integers(0, 256, (40, 50, 3), np.uint8))
    for suffix in ("jpg", "png", "webp"):

        def read(path: Path) -> np.ndarray:
            return images.Folder(path.parent).read(captions.Record(path.name, 1, "test", ()))

        picture.save(add(suffix, f"picture.{suffix}", read, "bytes", right_image))
