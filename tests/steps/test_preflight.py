"""What the data or the CNN do not suit is refused, in the words of the job that would refuse it later."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gxn.datasets.captions import read_captions
from gxn.datasets.tokens import build_vocabulary, write_tokens
from gxn.errors import GxnError
from gxn.features.cnn import build
from gxn.files import load_tensors, read_json, save_tensors, write_json
from gxn.steps import preflight

NAME = "shufflenet_v2_x0_5"
SIZES = [(40, 36), (36, 40), (50, 48), (40, 44)]  # the smallest is not the first
FEATURES = {
    "resize": None,
    "crops": "1C",
    "crop": 32,
    "precision": "float32",
    "arithmetic": "float32",
    "batch": 4,
}
CNN = {"name": NAME, "layer": "pool"}
PRETRAIN = {
    "seed": 0,
    "size": 32,
    "images": 4,
    "held_out": 4,
    "epochs": 1,
    "batch": 2,
    "learning_rate": 0.1,
    "weight_decay": 0.0,
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


def checked(place: Path, out: Path, check: str, **changes: Any) -> Any:
    """What a check wrote, by settings that suit but for `changes`."""
    good = {
        "cnn": CNN if check == "features" else CNN | {"weights": None, "pretrain": PRETRAIN},
        "features": FEATURES,
        "captions": place / "captions.json",
        "images": place,
        "weights": place / "weights.safetensors",
        "device": "cpu",
        "threads": 1,
        "tokens": place / "tokens.h5",
        "minimum": 2,
        "processes": 2,
        "batch": 4,
        "protocols": ["full"],
    }
    call, names = next(each for each in preflight.CHECKS if each[0].__name__ == f"check_{check}")
    preflight.preflight(call, out, **{name: (good | changes)[name] for name in names.split()})
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


LAYERLESS = {"name": NAME, "layer": "no"}
ALONE = {"weights": None, "pretrain": PRETRAIN}
INCEPTION = ALONE | {"name": "inception_v3", "layer": "pool", "pretrain": PRETRAIN | {"size": 64}}


@pytest.mark.parametrize(
    ("check", "changes", "message"),
    [
        ("cnn", {"cnn": LAYERLESS | ALONE}, r"^cnn\.layer: .* no module 'no'"),
        ("cnn", {"cnn": INCEPTION}, r"^cnn\.pretrain\.size: the CNN cannot take images of 64 x 64 pixels: "),
        ("cnn", {"device": "tpu"}, "^device: must be auto, cpu or cuda"),
        ("features", {"cnn": LAYERLESS}, r"^cnn\.layer: .* no module 'no'"),
        ("features", {"cnn": {"name": "alexnet", "layer": "pool"}}, r"weights\.safetensors: has no tensor"),
        ("features", {"cnn": {}}, r"^cnn\.name: is missing"),
        ("features", {"cnn": 5}, r"^cnn: must be a mapping of keys, not 5"),
        ("features", {"features": FEATURES | {"crop": 37}}, r"^0\.png \(imgid 0\): is 36 x 40 pixels, smaller"),
        ("vocabulary", {"minimum": 5}, r"^vocabulary\.minimum: no word stands 5 times in the training split"),
        ("batch", {"batch": 5}, r"^training\.batch: 5 pairs are more than the 4 captions of the train split"),
        ("protocols", {"protocols": ["full", "5k"]}, r"^evaluate\.protocols: 5k needs exactly 5,000 images"),
        ("protocols", {"protocols": ["1k-5fold"]}, r"^evaluate\.protocols: 1k-5fold needs 5,000 images"),
    ],
)  # fmt: skip
def test_what_does_not_suit_is_refused(
    place: Path, tmp_path: Path, check: str, changes: dict, message: str
) -> None:
    with pytest.raises(GxnError, match=message):
        checked(place, tmp_path / "out.json", check, **changes)
    assert list(tmp_path.iterdir()) == []


def test_the_smallest_image_counts_unless_images_are_resized(place: Path, tmp_path: Path) -> None:
    records = read_json(place / "captions.json")["images"]
    write_json(tmp_path / "captions.json", {"images": [records[row] for row in (2, 3, 1)]})
    own = {"captions": tmp_path / "captions.json"}
    with pytest.raises(
        GxnError, match=r"^1\.png \(imgid 1\): is 40 x 36 pixels, smaller than features\.crop, 38"
    ):
        checked(place, tmp_path / "out.json", "features", features=FEATURES | {"crop": 38}, **own)
    resized = FEATURES | {"crop": 38, "resize": 38}
    assert checked(place, tmp_path / "out.json", "features", features=resized, **own) == {"features": 1024}


def test_a_crop_too_small_for_the_cnn_is_refused(place: Path, tmp_path: Path) -> None:
    weights = tmp_path / "alexnet.safetensors"
    save_tensors(weights, build("alexnet", None).state_dict(), {})
    cnn = {"name": "alexnet", "layer": "pool"}
    with pytest.raises(GxnError, match=r"^features\.crop: the CNN cannot take images of 32 x 32 pixels: "):
        checked(place, tmp_path / "out.json", "features", cnn=cnn, weights=weights)


def test_weights_that_give_no_numbers_are_refused(place: Path, tmp_path: Path) -> None:
    state, _ = load_tensors(place / "weights.safetensors")
    state["conv5.0.weight"].fill_(float("nan"))
    save_tensors(tmp_path / "nan.safetensors", state, {})
    with pytest.raises(GxnError, match=r"^0\.png \(imgid 0\): its features are not finite as float32"):
        checked(place, tmp_path / "out.json", "features", weights=tmp_path / "nan.safetensors")


def test_more_processes_than_cards_are_refused(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert checked(place, tmp_path / "out.json", "cards", device="cuda") == {"processes": 2}
    with pytest.raises(
        GxnError, match=r"^finetune\.processes: 3 need a card each, and there are 2; lower it"
    ):
        checked(place, tmp_path / "out.json", "cards", device="auto", processes=3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["batch", "--batch", "4"], "the following arguments are required: --tokens"),
        (
            ["features", "--cnn", "{}", "--weights", "w"],
            "required: --features, --captions, --images, --device",
        ),
        (["protocols", "--protocols", "[5]", "--tokens", "t"], "must be a list of names"),
        (["cnn", "--cnn", "{}", "--device", "cpu", "--threads", "1"], "cnn.name: is missing"),
        (
            ["cnn", "--cnn", json.dumps(CNN | {"weights": None}), "--device", "cpu", "--threads", "1"],
            "cnn.pretrain: is missing",
        ),
        (["sizes"], "invalid choice: 'sizes'"),
        (["cards", "--tokens", "t"], "required: --processes, --device"),
    ],
)
def test_by_hand_what_is_missing_is_said(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.setattr(sys, "argv", ["preflight", *words, "--out", str(tmp_path / "out.json")])
    with pytest.raises(SystemExit) as end:
        preflight.main()
    assert end.value.code == 2 and message in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()
