"""Your own captions of any layout become captions.json and a record of what was decided."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small import configuration

from gxn.datasets.captions import SPLITS, read_captions
from gxn.errors import GxnError
from gxn.files import read_json
from gxn.sources import images
from gxn.sources._source import Order

THINGS = ("dog", "cat", "bus", "tree", "kite")


def photographs(folder: Path, count: int) -> list[str]:
    """Small pictures, all different, with a table of two captions each."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{at}.png" for at in range(count)]
    for at, name in enumerate(names):
        Image.new("RGB", (12, 8), (at, 40, 7)).save(folder / name)
    rows = [f"{name},A {THINGS[at % 5]} no {at} {k}." for at, name in enumerate(names) for k in "ab"]
    (folder / "captions.csv").write_text("image,caption\n" + "\n".join(rows) + "\n")
    return names


def source(folder: Path, **changes) -> images.Parameters:
    """The section dataset.source as the configuration reads it."""
    own = {"kind": "images", "images": str(folder), "captions": str(folder / "captions.csv")} | changes
    methods = {} if own["images"] else {"methods": {"gxn_t2i": None, "gxn_i2t_t2i": None}}
    whole = {"dataset": {"source": own}, "features": {"file": "x.npz"}} | methods
    return configuration(whole).dataset.source


def order(folder: Path, **changes) -> Order:
    return Order("mine", folder / "captions.json", split=folder / "split.json", **changes)


def test_a_table_without_ids_and_splits_becomes_captions_and_a_record(tmp_path, capsys):
    photographs(tmp_path / "p", 40)
    images.make(source(tmp_path / "p"), order(tmp_path))
    records = read_captions(tmp_path / "captions.json")
    assert [sum(each.split == split for each in records) for split in SPLITS] == [32, 4, 4]
    assert [each.imgid for each in records] == list(range(40))
    assert records[7].sentences[1].tokens == ("a", "bus", "no", "7", "b")
    record = read_json(tmp_path / "split.json")
    assert record["ids"] == {"imgid": 40, "sentid": 80} and record["splits"]["made"]["val"]["drawn"] == 4
    assert record["missing"] == [] and record["layouts"][0].startswith("a table with a header")
    said = capsys.readouterr()
    assert "no image was in test: 4 are drawn from train (share 0.1, seed 0)" in said.out and not said.err


def test_shares_and_seed_of_missing_splits_are_those_configured(tmp_path):
    photographs(tmp_path / "p", 40)
    found = {}
    for seed in (0, 1):
        settings = source(tmp_path / "p", val_share=0.25, test_share=0.4, split_seed=seed)
        dataset, _ = images.read(settings, order(tmp_path))
        found[seed] = [each["split"] for each in dataset["images"]]
        assert [found[seed].count(split) for split in SPLITS] == [14, 10, 16]
    assert found[0] != found[1]


def test_several_files_tell_their_splits(tmp_path):
    folder = tmp_path / "p"
    names = photographs(folder, 6)
    for split, own in (("train", names[:4]), ("val", names[4:5]), ("test", names[5:])):
        lines = [f"{name},A {split} thing {name[0]}." for name in own]
        (folder / f"{split}.csv").write_text("image,caption\n" + "\n".join(lines) + "\n")
    paths = [str(folder / f"{split}.csv") for split in SPLITS]
    dataset, record = images.read(source(folder, captions=paths), order(tmp_path))
    assert [each["split"] for each in dataset["images"]] == ["train"] * 4 + ["val", "test"]
    assert record["splits"]["made"] == {}


def test_a_missing_photograph_is_refused_or_left_out_and_said(tmp_path, capsys):
    folder = tmp_path / "p"
    photographs(folder, 30)
    (folder / "3.png").unlink()
    with pytest.raises(GxnError, match=r"3.png: is missing\n1 of 30 images are missing"):
        images.make(source(folder), order(tmp_path))
    assert not (tmp_path / "captions.json").exists()
    images.make(source(folder, missing_images="skip"), order(tmp_path))
    assert "3.png" not in {each.filename for each in read_captions(tmp_path / "captions.json")}
    assert read_json(tmp_path / "split.json")["missing"] == ["3.png"]
    assert "warning: 1 images are not in the folder and left out, such as '3.png'" in capsys.readouterr().err


def test_equal_photographs_across_given_splits_are_warned_of(tmp_path, capsys):
    folder = tmp_path / "p"
    names = photographs(folder, 6)
    (folder / "5.png").write_bytes((folder / "0.png").read_bytes())
    splits = ["train"] * 4 + ["val", "test"]
    rows = [f"{name},A {THINGS[at % 5]} {at}.,{splits[at]}" for at, name in enumerate(names)]
    (folder / "captions.csv").write_text("image,caption,split\n" + "\n".join(rows) + "\n")
    images.make(source(folder), order(tmp_path))
    said = capsys.readouterr().err
    assert "warning: equal files occur in several given splits (1 between train/test)" in said
    assert said.count("warning: ") == 1


def test_an_unreadable_photograph_is_named(tmp_path):
    photographs(tmp_path / "p", 20)
    (tmp_path / "p/4.png").write_bytes(b"no picture")
    with pytest.raises(GxnError, match=r"4.png: image 4 cannot be read"):
        images.make(source(tmp_path / "p"), order(tmp_path))


def test_captions_without_spaces_are_parted_into_characters(tmp_path):
    folder = tmp_path / "p"
    names = photographs(folder, 12)
    rows = [f"{name},第{at}只狗在跑。" for at, name in enumerate(names)]
    (folder / "captions.csv").write_text("image,caption\n" + "\n".join(rows) + "\n", encoding="utf-8")
    for tokeniser, tokens in (
        ("words", ["第3只狗在跑"]),
        ("characters", ["第", "3", "只", "狗", "在", "跑"]),
    ):
        dataset, _ = images.read(source(folder), order(tmp_path, tokeniser=tokeniser))
        assert dataset["images"][3]["sentences"][0]["tokens"] == tokens


def test_images_without_ready_features_are_refused_or_left_out(tmp_path):
    names = photographs(tmp_path / "p", 30)
    np.savez(tmp_path / "f.npz", features=np.ones((28, 4), np.float32), names=names[:28])
    absent = {"images": None, "captions": str(tmp_path / "p/captions.csv")}
    ready = order(tmp_path, features=tmp_path / "f.npz")
    with pytest.raises(
        GxnError, match=r"f.npz: has no features of 2 images of the captions, such as '28.png'"
    ):
        images.read(source(tmp_path / "p", **absent), ready)
    dataset, record = images.read(source(tmp_path / "p", **absent, missing_images="skip"), ready)
    assert len(dataset["images"]) == 28 and record["without_features"] == ["28.png", "29.png"]


def test_a_karpathy_file_keeps_its_ids_splits_and_tokens(tmp_path, capsys):
    folder = tmp_path / "p"
    names = photographs(folder, 4)
    entries = [
        {
            "filename": name,
            "imgid": 7 + at,
            "split": split,
            "sentences": [
                {"raw": f"A dog, {at}.", "tokens": ["a", "hound"], "sentid": 90 + at, "imgid": 7 + at}
            ],
        }
        for at, (name, split) in enumerate(zip(names, ["train", "restval", "val", "test"], strict=True))
    ]
    (folder / "k.json").write_text(json.dumps({"images": entries}))
    images.make(source(folder, captions=str(folder / "k.json")), order(tmp_path))
    records = read_captions(tmp_path / "captions.json")
    assert [(each.imgid, each.split) for each in records] == [
        (7, "train"),
        (8, "train"),
        (9, "val"),
        (10, "test"),
    ]
    assert records[0].sentences[0].tokens == ("a", "hound") and records[0].sentences[0].sentid == 90
    said = capsys.readouterr()
    assert "split 'restval' is taken as train" in said.out
    assert "in 4 captions, the first 0.png, sentid 90, `tokens` are not the words of `raw`" in said.err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"val_share": 0}, "dataset.source.val_share: must be above 0"),
        ({"test_share": 0.6}, "dataset.source.test_share: must be at most 0.5"),
        ({"captions": []}, "dataset.source.captions: must be a list of at least 1"),
        ({"captions": ["a", "a"]}, "dataset.source.captions: a value is given twice"),
        ({"missing_images": "drop"}, "dataset.source.missing_images: must be refuse or skip"),
    ],
)
def test_wrong_settings_are_named(tmp_path, changes, message):
    with pytest.raises(GxnError, match=message):
        source(tmp_path, **changes)


def test_rows_that_draw_need_photographs_and_a_cnn_that_is_tuned_too():
    bare = {"dataset": {"source": {"kind": "images", "images": None, "captions": "c.csv"}}}
    ready = {"features": {"file": "f.npz"}}
    with pytest.raises(GxnError) as caught:
        configuration(bare, ready)
    assert "no row can draw; leave them out by methods: {gxn_t2i: null, gxn_i2t_t2i: null}" in str(
        caught.value
    )
    rows = {"methods": {"gxn_t2i": None, "gxn_i2t_t2i": None}}
    assert configuration(bare, ready, rows).dataset.source.images_folder() is None
    with pytest.raises(
        GxnError, match=r"dataset.source.images: name the folder of the photographs, or their feat"
    ):
        configuration(bare, rows, {"cnn": {"weights": "w.safetensors"}})
    with pytest.raises(
        GxnError, match=r"finetune.methods: would train the CNN, but features.file replaces it"
    ):
        configuration(bare, ready, rows, {"finetune": {"methods": ["vsepp"]}})
