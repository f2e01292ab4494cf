"""A user's JSON is accepted whole or refused with one line that says where."""

import copy

import pytest
from karpathy_json import dataset

from gxn.datasets.karpathy import normalise, tokenise
from gxn.errors import GxnError
from gxn.files import read_json
from gxn.sources.images import ExpectedCounts


def counts(train: int, val: int, test: int, captions: int) -> ExpectedCounts:
    return ExpectedCounts(train=train, val=val, test=test, captions=captions)


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
    images = normalise(dataset(captions=7), "toy", "x.json", counts(2, 1, 1, 5))["images"]
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
    "tokens: is empty; remove the key, and the words of 'A cat.' are taken": lambda value: value["images"][2][
        "sentences"
    ][1].update(tokens=[], raw="A cat."),
    "raw: the caption '...' has no word; give it text": lambda value: [
        sentence := value["images"][2]["sentences"][1],
        sentence.pop("tokens", None),
        sentence.update(raw="..."),
    ],
    "one word without white space": lambda value: value["images"][0]["sentences"][0].update(tokens=["a dog"]),
    "split: unknown value 'valid'": lambda value: value["images"][0].update(split="valid"),
    "imgid: 2 occurs in images[2] and images[3]": lambda value: [
        value["images"][3].update(imgid=2),
        [sentence.update(imgid=2) for sentence in value["images"][3]["sentences"]],
    ],
    "filename: '0.png' occurs": lambda value: value["images"][3].update(filename="0.png"),
    "sentid: 0 occurs": lambda value: [
        value["images"][3].update(sentids=[0, 31]),
        value["images"][3]["sentences"][0].update(sentid=0),
    ],
    "no image in test": lambda value: value["images"].pop(),
    "sentids: do not match": lambda value: value["images"][0].update(sentids=[5]),
    "imgid: 7 is not the imgid of its image": lambda value: value["images"][0]["sentences"][0].update(
        imgid=7
    ),
    "imgid: is missing": lambda value: value["images"][0].pop("imgid"),
    "imgid: must be int, not True": lambda value: value["images"][0].update(imgid=True),
    "imgid: must be int, not 1.5": lambda value: value["images"][0].update(imgid=1.5),
    "imgid: -1 is not an id": lambda value: value["images"][0].update(imgid=-1),
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
        (counts(3, 1, 1, 2), "2 images in train, but 3 are expected"),
        (counts(2, 1, 1, 5), "(2.png): sentences: 2 captions, but 5 are expected in val"),
    ],
)
def test_counts_of_a_known_dataset_are_asserted(expected, message):
    with pytest.raises(GxnError) as caught:
        normalise(dataset(), "toy", "x.json", expected)
    assert message in str(caught.value)
