"""The look at five shapes of data, and the configuration proposed for each."""

import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from small import configuration

from gxn.commented_yaml import to_yaml
from gxn.datasets.proposal import batch_size, dataset_name, min_count, propose
from gxn.datasets.sizes import LENGTHS, Length
from gxn.datasets.survey import ImageSizes, image_sizes, summary, survey, unknown_shares
from gxn.errors import GxnError

COLOURS, THINGS = ["red", "blue", "green", "black", "white"], ["dog", "cat", "bus", "tree", "kite", "boat"]


def photographs(folder: Path, count: int, size: tuple[int, int] = (64, 48)) -> list[str]:
    """Pictures, all different."""
    folder.mkdir(parents=True, exist_ok=True)
    for at in range(count):
        Image.new("RGB", size, (at % 256, at // 256, 7)).save(folder / f"{at}.png")
    return [f"{at}.png" for at in range(count)]


def table(folder: Path, names: list[str], captions: int, header: str = "image,caption") -> Path:
    lines = [
        f"{name},A {COLOURS[(at + k) % 5]} {THINGS[at % 6]} number {at // 30} is here."
        for at, name in enumerate(names)
        for k in range(captions)
    ]
    path = folder / "captions.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def proposal(found, cuda: bool = False, **more) -> dict:
    """The proposed configuration, as YAML reads it; it is valid over params.yaml."""
    settings = propose(
        found, "mine", cuda, "mobilenet_v2", Path("/w/mobilenet_v2.safetensors"), Path("/nowhere/x")
    )
    made = yaml.safe_load(to_yaml(settings, [summary(found)]))
    configuration(made)
    return made


def test_three_hundred_photographs_with_a_table(tmp_path):
    table(tmp_path, photographs(tmp_path, 300), 5)
    found = survey(tmp_path)
    assert found.counts == {"train": 240, "val": 30, "test": 30, "captions": 1200}
    assert (found.sizes.longer, found.sizes.shorter, found.sizes.equal) == (64, 48, True)
    made = proposal(found)
    assert made["training"]["batch_size"] == 64 and made["model"]["joint_dim"] == 128
    assert made["pretrain_xe"]["epochs"] == 14  # 252 updates of 18 an epoch
    assert made["features"] == {"resize": 256, "crop": 224, "batch_size": 4}
    assert made["seeds"] == [0] and set(made["methods"]) == {
        "vse0",
        "order",
        "abstract",
        "gxn_i2t_mix",
        "gxn_i2t_t2i",
    }
    assert made["dataset"]["source"] == {
        "kind": "images",
        "images": str(tmp_path),
        "captions": str(tmp_path / "captions.csv"),
    }
    assert "methods" not in proposal(found, cuda=True) and proposal(found, cuda=True)["seeds"] == [0, 1, 2]


def test_a_handful_of_photographs_without_enough_to_imagine_from(tmp_path):
    for at, name in enumerate(photographs(tmp_path / "a", 12, (300, 100))):
        (tmp_path / "a" / name).with_suffix(".txt").write_text(f"The {THINGS[at % 6]} number {at}.")
    photographs(tmp_path / "more", 3)
    found = survey(tmp_path)
    assert found.counts == {"train": 10, "val": 1, "test": 1, "captions": 10}
    assert found.uncaptioned == 3 and found.sizes.wide == 1
    made = proposal(found)
    assert made["training"]["batch_size"] == 8
    assert set(made["methods"]) == {
        "order",
        "abstract",
        "gxn_i2t_xe",
        "gxn_i2t_mix",
        "gxn_t2i",
        "gxn_i2t_t2i",
    }
    assert "3 images have no caption" in summary(found)
    assert "100% more than twice as long as wide" in summary(found)


def test_chinese_captions_are_parted_into_characters(tmp_path):
    names = photographs(tmp_path / "photos", 40)
    lines = [f"{name}\t第{at}只棕色的狗在雪地里奔跑，旁边有{at}棵树。" for at, name in enumerate(names)]
    (tmp_path / "captions.tsv").write_text("image\tcaption\n" + "\n".join(lines), encoding="utf-8-sig")
    found = survey(tmp_path / "photos", [tmp_path / "captions.tsv"])
    assert (found.tokeniser, found.spaceless) == ("characters", 1.0)
    assert found.lengths[0] >= 15
    assert proposal(found)["vocabulary"]["tokeniser"] == "characters"
    assert "100% of the sentences are written without spaces" in summary(found)


def test_features_alone(tmp_path):
    names = [f"{at}.jpg" for at in range(400)]
    path = table(tmp_path, [*names, "absent.jpg"], 2)
    np.savez(tmp_path / "clip.npz", features=np.ones((400, 16), np.float32), names=names)
    found = survey(None, [path], tmp_path / "clip.npz")
    assert found.missing == ["absent.jpg"] and found.sizes is None
    made = proposal(found, cuda=True)
    assert made["features"] == {"file": str(tmp_path / "clip.npz")} and "cnn" not in made
    assert made["dataset"]["source"]["images"] is None
    assert made["dataset"]["source"]["missing_images"] == "skip"
    assert made["methods"] == {"gxn_t2i": None, "gxn_i2t_t2i": None}
    assert "no photographs: nothing can be drawn" in summary(found)
    assert "1 images of the captions have no features, such as 'absent.jpg'" in summary(found)


def test_a_precomp_folder(tmp_path):
    for split, count in (("train", 30), ("dev", 5), ("test", 5)):
        np.save(tmp_path / f"{split}_ims.npy", np.random.default_rng(0).standard_normal((count, 8)))
        text = "".join(f"A {split} {THINGS[at % 6]} {at}, {k}.\n" for at in range(count) for k in range(5))
        (tmp_path / f"{split}_caps.txt").write_text(text)
    found = survey(None, None, tmp_path)
    assert found.counts == {"train": 30, "val": 5, "test": 5, "captions": 150}
    made = proposal(found)
    assert made["dataset"]["source"]["captions"] == made["features"]["file"] == str(tmp_path)


def test_data_of_flickr8ks_size_get_the_settings_of_its_own_file(tmp_path):
    path = table(tmp_path, [f"{at}.jpg" for at in range(7500)], 5)
    np.savez(
        tmp_path / "x.npz", features=np.ones((7500, 4), np.float32), names=[f"{at}.jpg" for at in range(7500)]
    )
    made = proposal(survey(None, [path], tmp_path / "x.npz"))
    assert made["joint"]["epochs"] == 5 and made["joint"]["lr_decay_epoch"] == 1
    assert made["model"]["joint_dim"] == 1024 and made["retrieval"] == {"grounded_pooling": "last"}


def test_what_cannot_be_looked_at_is_said(tmp_path):
    with pytest.raises(GxnError, match="name a folder of photographs or a file of features"):
        survey(None)
    with pytest.raises(GxnError, match="contains no captions"):
        survey(tmp_path)
    names = photographs(tmp_path, 5)
    path = table(tmp_path, names, 1)
    np.savez(tmp_path / "x.npz", features=np.ones((1, 4), np.float32), names=["z.png"])
    with pytest.raises(
        GxnError, match=r"x.npz: has no features of any image that the captions name, such as '0.png'"
    ):
        survey(tmp_path, [path], tmp_path / "x.npz")


def test_sizes_are_upright_and_what_is_no_image_is_named(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (50, 20)).save(tmp_path / "turned.jpg", exif=exif)
    Image.new("RGB", (50, 20)).save(tmp_path / "plain.jpg")
    (tmp_path / "script.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")
    os.mkfifo(tmp_path / "pipe.png")
    found = image_sizes([tmp_path / name for name in ("turned.jpg", "plain.jpg", "script.png", "pipe.png")])
    assert found == ImageSizes(20, 50, 20, False, 1.0, found.unreadable)
    assert [line.partition(": ")[0] for line in found.unreadable] == [
        str(tmp_path / "script.png"),
        str(tmp_path / "pipe.png"),
    ]
    with pytest.raises(GxnError, match="none of the images looked at can be opened"):
        image_sizes([tmp_path / "script.png"])


def test_the_share_of_unknown_words_is_that_of_every_tenth_image():
    tokens = [[["a", "dog"]]] * 9 + [[["a", "zebra"], ["a", "dog"]]]
    assert unknown_shares(tokens, 3) == [0.25, 0.25, 0.25]
    assert unknown_shares([[["a"]], *[[["b", "b"]]] * 8, [["a", "b"]]], 2) == [0.0, 0.5]
    assert unknown_shares([[["a"]]], 2) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("shares", "least"),
    [
        ((0.12, 0.17, 0.2, 0.22, 0.25), 1),
        ((0.01, 0.015, 0.02, 0.025, 0.026), 4),
        ((0.1, 0.11, 0.13), 2),
        ((0.0,), 1),
    ],
)
def test_min_count_adds_two_points_of_unknown_words_at_most(shares, least):
    assert min_count(shares) == least


@pytest.mark.parametrize(
    ("captions", "images", "batch"),
    [
        (30_000, 6000, 128),
        (1200, 240, 64),
        (2048, 240, 64),
        (150, 30, 8),
        (10, 10, 8),
        (5, 5, 4),
        (2, 2, 2),
        (3, 1, 2),
    ],
)
def test_batches_are_bounded_by_the_captions(captions, images, batch):
    assert batch_size(captions, images) == batch


def test_lengths_are_updates_between_floor_and_ceiling():
    length = Length(5, 100, 1000)
    assert length.epochs(30_000, 128) == 5  # 1,000 updates of 234 an epoch, rounded up to whole epochs
    assert length.epochs(640, 64) == 10  # ten updates an epoch: the floor
    assert length.epochs(1_000_000, 100) == 1  # ten thousand: an epoch is the least
    assert length.epochs(12_800, 64) == 5  # 1,000 updates: five passes
    assert length.epochs(25_600, 64) == 3  # 1,000 updates of 400 an epoch
    assert all(each.least <= each.most for each in LENGTHS.values())


def test_names_of_datasets_are_names(tmp_path):
    assert dataset_name(tmp_path / "My photos (2024)") == "My_photos_2024"
    assert dataset_name(tmp_path / "犬") == "mine"
    for form in ("NFC", "NFD"):
        assert dataset_name(tmp_path / unicodedata.normalize(form, "Café été")) == "Cafe_ete"
