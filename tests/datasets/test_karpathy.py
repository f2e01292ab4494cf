"""A user's JSON is accepted whole or refused with one line that says where."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gxn.datasets import karpathy
from gxn.datasets.captions import read_captions
from gxn.datasets.karpathy import Expected, normalise, tokenise
from gxn.errors import GxnError
from gxn.files import read_json, write_json
from gxn.steps.prepare import prepare


def dataset(splits: tuple[str, ...] = ("train", "restval", "val", "test"), captions: int = 2) -> dict:
    """A small Karpathy JSON, an image in each of `splits`."""
    images = []
    for row, split in enumerate(splits):
        sentids = [row * 10 + number for number in range(captions)]
        sentences = [
            {"raw": f"A dog, number {id}.", "tokens": ["a", "dog"], "imgid": row, "sentid": id}
            for id in sentids
        ]
        image = {"filename": f"{row}.png", "imgid": row, "split": split, "sentids": sentids}
        images.append(image | {"sentences": sentences})
    return {"dataset": "toy", "images": images}


def save_images(value: dict, folder: Path) -> Path:
    """A picture for every image of `value`."""
    generator = np.random.default_rng(0)
    for image in value["images"]:
        path = folder / image["filename"]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(path)
    return folder


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A man in a red T-shirt .", ["a", "man", "in", "a", "red", "tshirt"]),
        ("The dog's   ball!", ["the", "dogs", "ball"]),
        ("Cafe\u0301 au lait — 3 €", ["caf\u00e9", "au", "lait", "3"]),
        ("犬 と 猫。", ["犬", "と", "猫"]),
        (" ... !\n", []),
    ],
)
def test_sentences_are_tokenised_as_karpathy_did(text, words):
    assert tokenise(text) == words


def test_tokens_of_real_captions_are_those_given(realdata):
    images = read_json(realdata / "flickr8k/dataset_flickr8k.json")["images"]
    for image in images[::10]:
        for sentence in image["sentences"]:
            assert tokenise(sentence["raw"]) == sentence["tokens"]


def test_restval_becomes_train_and_filepath_part_of_the_name():
    value = dataset()
    value["images"][1]["filepath"] = "val2014"
    images = normalise(value, "coco", "x.json")["images"]
    assert [image["split"] for image in images] == ["train", "train", "val", "test"]
    assert images[1]["filename"] == "val2014/1.png"


def test_missing_tokens_are_made_from_the_sentence():
    value = dataset()
    del value["images"][0]["sentences"][0]["tokens"]
    assert normalise(value, "toy", "x.json")["images"][0]["sentences"][0]["tokens"] == [
        "a",
        "dog",
        "number",
        "0",
    ]


def test_held_out_images_keep_their_first_captions_and_training_images_all():
    images = normalise(dataset(captions=7), "toy", "x.json", Expected(2, 1, 1, 5))["images"]
    assert [image["sentids"] for image in images[1:3]] == [list(range(10, 17)), list(range(20, 25))]
    assert [len(image["sentences"]) for image in images] == [7, 7, 5, 5]


def broken(change) -> dict:
    value = copy.deepcopy(dataset())
    change(value)
    return value


FAULTS = {
    "list 'images'": lambda value: value.pop("images"),
    "sentences: is empty": lambda value: value["images"][2].update(sentences=[], sentids=[]),
    "(2.png): sentences[1] (sentid 21): raw: the caption is empty": lambda value: value["images"][2][
        "sentences"
    ][1].update(raw="  "),
    "has no word": lambda value: value["images"][2]["sentences"][1].update(tokens=[]),
    "one word without white space": lambda value: value["images"][0]["sentences"][0].update(tokens=["a dog"]),
    "split: unknown value 'valid'": lambda value: value["images"][0].update(split="valid"),
    "imgid: 2 stands in images[2] and images[3]": lambda value: [
        value["images"][3].update(imgid=2),
        [sentence.update(imgid=2) for sentence in value["images"][3]["sentences"]],
    ],
    "filename: '0.png' stands": lambda value: value["images"][3].update(filename="0.png"),
    "sentid: 0 stands": lambda value: [
        value["images"][3].update(sentids=[0, 31]),
        value["images"][3]["sentences"][0].update(sentid=0),
    ],
    "no image in test": lambda value: value["images"].pop(),
    "sentids: are not": lambda value: value["images"][0].update(sentids=[5]),
    "imgid: 7 is not that of its image": lambda value: value["images"][0]["sentences"][0].update(imgid=7),
    "imgid: is missing": lambda value: value["images"][0].pop("imgid"),
    "imgid: must be int, not True": lambda value: value["images"][0].update(imgid=True),
    "imgid: must be int, not 1.5": lambda value: value["images"][0].update(imgid=1.5),
    "imgid: -1 is no id": lambda value: value["images"][0].update(imgid=-1),
    "has 'annotations', as COCO's own files": lambda value: value.update(annotations=[]),
    "images[0]: must be a mapping": lambda value: value["images"].__setitem__(0, "0.png"),
}


def test_all_captions_that_are_wrong_are_named_at_once():
    value = broken(lambda value: value["images"][0].pop("split"))
    value["images"][2]["sentences"][1].update(raw=" ")
    with pytest.raises(GxnError) as caught:
        normalise(value, "toy", "mine.json")
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == [
        "images[0] (0.png)",
        "images[2] (2.png)",
    ]


@pytest.mark.parametrize("message", FAULTS)
def test_a_fault_is_named_with_file_and_place(message):
    with pytest.raises(GxnError) as caught:
        normalise(broken(FAULTS[message]), "toy", "mine.json")
    assert message in str(caught.value)
    assert str(caught.value).startswith("mine.json: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (Expected(3, 1, 1, 2), "2 images in train, but 3 are expected"),
        (Expected(2, 1, 1, 5), "(2.png): sentences: 2 captions, but 5 are expected in val"),
    ],
)
def test_counts_of_a_known_dataset_are_asserted(expected, message):
    with pytest.raises(GxnError) as caught:
        normalise(dataset(), "toy", "x.json", expected)
    assert message in str(caught.value)


def test_prepared_captions_read_back(tmp_path):
    value = dataset()
    write_json(tmp_path / "in.json", value)
    images = save_images(value, tmp_path / "images")
    prepare(tmp_path / "in.json", images, "toy", None, "refuse", tmp_path / "out.json")
    records = read_captions(tmp_path / "out.json")
    assert [record.split for record in records] == ["train", "train", "val", "test"]
    assert records[3].sentences[1].sentid == 31
    with pytest.raises(GxnError, match=r"in.json: is not a captions.json"):
        read_captions(tmp_path / "in.json")  # the raw file, still with restval


def test_captions_reworded_in_raw_alone_are_said(tmp_path, capsys):
    value = dataset(captions=1)
    images = save_images(value, tmp_path / "images")
    for image in value["images"]:
        image["sentences"][0]["raw"] = "A dog."
    edited = value["images"][1]["sentences"][0]
    edited["raw"] = "A zebra."
    for change, said in ((lambda: None, True), (lambda: edited.pop("tokens"), False)):
        change()
        write_json(tmp_path / "in.json", value)
        prepare(tmp_path / "in.json", images, "toy", None, "refuse", tmp_path / "out.json")
        found = capsys.readouterr().out
        assert ("in 1 captions, the first: 1.png, sentid 10" in found) == ("tokens are not" in found) == said


def test_a_cut_photograph_is_refused_by_name_or_kept_when_told(tmp_path):
    value = dataset()
    value["images"][2]["filename"] = "cut.jpg"
    images = save_images(value, tmp_path / "images")
    data = (images / "cut.jpg").read_bytes()
    (images / "cut.jpg").write_bytes(data[: len(data) // 2])
    write_json(tmp_path / "in.json", value)
    with pytest.raises(
        GxnError, match=r"cut.jpg: image 2 cannot be read.*; dataset.truncated: keep would fill"
    ):
        prepare(tmp_path / "in.json", images, "toy", None, "refuse", tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()
    prepare(tmp_path / "in.json", images, "toy", None, "keep", tmp_path / "out.json")
    assert [record.truncated for record in read_captions(tmp_path / "out.json")] == [
        False,
        False,
        True,
        False,
    ]


def test_all_images_that_are_wrong_are_named_at_once(tmp_path, monkeypatch):
    value = dataset()
    images = save_images(value, tmp_path / "images")
    (images / "1.png").unlink()
    (images / "2.png").write_bytes(b"no image")
    (images / "3.png").unlink()
    write_json(tmp_path / "in.json", value)
    lines = [
        "1.png: image 1 is missing",
        "2.png: image 2 cannot be read: is no image",
        "3.png: image 3 is missing",
    ]
    for named, expected in ((10, lines), (2, [*lines[:2], "and 1 more"])):
        monkeypatch.setattr(karpathy, "NAMED", named)
        with pytest.raises(GxnError) as caught:
            prepare(tmp_path / "in.json", images, "toy", None, "refuse", tmp_path / "out.json")
        assert [line.removeprefix(f"{images}/") for line in str(caught.value).splitlines()] == expected


def test_the_step_says_one_line_and_leaves_nothing(tmp_path):
    value = dataset()
    images = save_images(value, tmp_path / "images")
    (images / "3.png").unlink()
    (tmp_path / "in.json").write_text(json.dumps(value))
    arguments = ["--captions", tmp_path / "in.json", "--images", images, "--name", "toy", "--expect", "null"]
    arguments += ["--truncated", "refuse", "--out", tmp_path / "out/captions.json"]
    done = subprocess.run(
        [sys.executable, "-m", "gxn.steps.prepare", *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == f"error: {images / '3.png'}: image 3 is missing\n"
    assert not (tmp_path / "out").exists()
