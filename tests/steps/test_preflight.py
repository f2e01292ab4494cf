"""Settings that do not suit the data or the CNN are refused, in the words of the job that would refuse them."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from small import config_files

from gxn.datasets.captions import read_captions
from gxn.datasets.tokens import build_vocabulary, write_tokens
from gxn.errors import GxnError
from gxn.features.cnn import build
from gxn.files import load_tensors, read_json, save_tensors, write_json
from gxn.steps import preflight

NAME = "shufflenet_v2_x0_5"
SIZES = [(40, 36), (36, 40), (50, 48), (40, 44)]  # the smallest is not the first
SETTINGS = {
    "device": "cpu",
    "threads": 1,
    "cnn": {"name": NAME, "layer": "pool", "pretrain": {"size": 32}},
    "features": {"resize": None, "crops": "center", "crop": 32, "storage_dtype": "float32", "batch_size": 4},
    "vocabulary": {"min_count": 2},
    "training": {"batch_size": 4},
    "drawing": {"batch_size": 4},
    "finetune": {"processes": 2},
    "dataset": {"source": {"test": 5000}},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four photographs with two captions each, their tokens, and a CNN's weights."""
    folder = tmp_path_factory.mktemp("preflight")
    random, entries = np.random.default_rng(0), []
    for row, (size, split) in enumerate(zip(SIZES, ("train", "train", "val", "test"), strict=True)):
        Image.fromarray(random.integers(0, 256, (*size, 3), np.uint8)).save(folder / f"{row}.png")
        sentences = [{"sentid": 2 * row + k, "tokens": ["a", "dog"]} for k in (0, 1)]
        entries.append({"filename": f"{row}.png", "imgid": row, "split": split, "sentences": sentences})
    write_json(folder / "captions.json", {"images": entries})
    records = read_captions(folder / "captions.json")
    write_tokens(folder / "tokens.h5", records, build_vocabulary(records, 1), 9)
    torch.manual_seed(0)
    save_tensors(folder / "weights.safetensors", build(NAME, None).state_dict(), {})
    return folder


def checked(place: Path, out: Path, check: str, *changes: dict, **files: Any) -> Any:
    """Result of a check, by settings that suit but for `changes`."""
    given = {
        "config": config_files(out.parent / "config", SETTINGS, *changes),
        "check": check,
        "out": out,
        "captions": place / "captions.json",
        "images": place,
        "weights": place / "weights.safetensors",
        "tokens": place / "tokens.h5",
    }
    preflight.preflight(preflight.Arguments(**given | files))
    return read_json(out)


@pytest.mark.parametrize(
    ("check", "found"),
    [
        ("cnn", {"features": 1024}),
        ("features", {"features": 1024}),
        ("vocabulary", {"words": 6}),
        ("cards", {"processes": 2}),
        ("batch", {"batches": 1}),
        ("protocols", {"images": 1}),
    ],
)
def test_what_suits_is_counted(place: Path, tmp_path: Path, check: str, found: dict) -> None:
    assert checked(place, tmp_path / "out.json", check) == found


LAYERLESS = {"cnn": {"layer": "no"}}
INCEPTION = {"cnn": {"name": "inception_v3", "pretrain": {"size": 64}}, "features": {"crop": 64}}


@pytest.mark.parametrize(
    ("check", "change", "message"),
    [
        ("cnn", LAYERLESS, r"^cnn\.layer: .* no module 'no'"),
        ("cnn", {"cnn": {"name": "mobilnet_v2"}},
         r"^cnn\.name: .* 'mobilnet_v2'.*did you mean .*mobilenet_v2"),
        ("cnn", INCEPTION, r"^cnn\.pretrain\.size: the CNN cannot take images of 64 x 64 pixels: "),
        ("features", LAYERLESS, r"^cnn\.layer: .* no module 'no'"),
        ("features", {"cnn": {"name": "alexnet"}}, r"weights\.safetensors: has no tensor"),
        ("features", {"features": {"crop": 37}, "cnn": {"pretrain": {"size": 37}}},
         r"^0\.png \(imgid 0\): is 36 x 40 pixels, smaller"),
        ("vocabulary", {"vocabulary": {"min_count": 5}},
         r"^vocabulary\.min_count: no word occurs 5 times in the training split"),
        ("batch", {"training": {"batch_size": 6}},
         r"^training\.batch_size: 6 pairs are more than the 4 captions of the train split"),
        ("protocols", {"evaluate": {"protocols": ["full", "5k"]}},
         r"^evaluate\.protocols: 5k needs exactly 5,000 images, the test split has 1"),
        ("protocols", {"evaluate": {"protocols": ["1k-5fold"]}},
         r"^evaluate\.protocols: 1k-5fold needs 5,000 images, the test split has 1"),
    ],
)  # fmt: skip
def test_what_does_not_suit_is_refused(
    place: Path, tmp_path: Path, check: str, change: dict, message: str
) -> None:
    with pytest.raises(GxnError, match=message):
        checked(place, tmp_path / "out.json", check, change)
    assert not (tmp_path / "out.json").exists()


CROP_38 = {"features": {"crop": 38}, "cnn": {"pretrain": {"size": 38}}}


@pytest.fixture
def others(place: Path, tmp_path: Path) -> dict:
    """Captions of which the smallest image is the last."""
    records = read_json(place / "captions.json")["images"]
    write_json(tmp_path / "captions.json", {"images": [records[row] for row in (2, 3, 1)]})
    return {"captions": tmp_path / "captions.json"}


def test_the_smallest_image_counts(place: Path, tmp_path: Path, others: dict) -> None:
    message = r"^1\.png \(imgid 1\): is 40 x 36 pixels, smaller than features\.crop, 38"
    with pytest.raises(GxnError, match=message):
        checked(place, tmp_path / "out.json", "features", CROP_38, **others)


def test_unless_images_are_resized(place: Path, tmp_path: Path, others: dict) -> None:
    resized = {"features": {"resize": 38}}
    assert checked(place, tmp_path / "out.json", "features", CROP_38, resized, **others) == {"features": 1024}


def test_a_crop_too_small_for_the_cnn_is_refused(place: Path, tmp_path: Path) -> None:
    weights = tmp_path / "alexnet.safetensors"
    save_tensors(weights, build("alexnet", None).state_dict(), {})
    alexnet = {"cnn": {"name": "alexnet"}}
    with pytest.raises(GxnError, match=r"^features\.crop: the CNN cannot take images of 32 x 32 pixels: "):
        checked(place, tmp_path / "out.json", "features", alexnet, weights=weights)


def test_weights_that_give_no_numbers_are_refused(place: Path, tmp_path: Path) -> None:
    state, _ = load_tensors(place / "weights.safetensors")
    state["conv5.0.weight"].fill_(float("nan"))
    save_tensors(tmp_path / "nan.safetensors", state, {})
    with pytest.raises(
        GxnError, match=r"nan\.safetensors: conv5\.0\.weight contains NaN or infinite numbers"
    ):
        checked(place, tmp_path / "out.json", "features", weights=tmp_path / "nan.safetensors")


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let torch see two cards."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


def test_as_many_processes_as_cards_are_enough(place: Path, tmp_path: Path, two_cards: None) -> None:
    assert checked(place, tmp_path / "out.json", "cards", {"device": "cuda"}) == {"processes": 2}


def test_more_are_refused(place: Path, tmp_path: Path, two_cards: None) -> None:
    more = {"device": "auto", "finetune": {"processes": 4}}
    with pytest.raises(
        GxnError, match=r"^finetune\.processes: 4 need one card each, but there are 2; lower it"
    ):
        checked(place, tmp_path / "out.json", "cards", more)


def test_an_unknown_check_is_refused(monkeypatch, capsys):
    words = ["--check", "sizes", "--config", "params.yaml", "--out", "out.json"]
    monkeypatch.setattr(sys, "argv", ["gxn preflight", *words])
    with pytest.raises(SystemExit) as end:
        preflight.main()
    assert end.value.code == 2 and "invalid choice: 'sizes'" in capsys.readouterr().err


def test_sentences_without_spaces_are_not_words(place, tmp_path):
    """Else each is a word of its own, none is frequent, and a model of <unk> alone collapses."""
    entries = read_json(place / "captions.json")["images"]
    for number, entry in enumerate(entries):
        entry["sentences"] = [{"sentid": number, "tokens": ["一只棕色的狗在草地上奔跑"]}]
    write_json(tmp_path / "captions.json", {"images": entries})
    with pytest.raises(
        GxnError, match=r"^vocabulary\.tokeniser: most captions have no spaces .* characters$"
    ):
        checked(place, tmp_path / "out.json", "vocabulary", captions=tmp_path / "captions.json")
