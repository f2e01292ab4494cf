"""Ids and splits are completed by image, equal images stay on one side, and what was decided is recorded."""

import collections
import json

import pytest

from gxn.datasets.karpathy import normalise
from gxn.datasets.layouts._rows import Row
from gxn.datasets.splits import SplitShares, complete, describe
from gxn.errors import GxnError


def rows(count: int, captions: int = 2, **more) -> list[Row]:
    """Captions of `count` images, all different."""
    return [Row(f"{at}.jpg", f"Dog {at}, {k}.", **more) for at in range(count) for k in range(captions)]


def split_of(images: list[dict]) -> dict[str, str]:
    return {image["filename"]: image["split"] for image in images}


def test_images_without_anything_get_ids_and_splits_by_image():
    images, record = complete(rows(100), SplitShares(val=0.1, test=0.2, seed=3))
    assert record["splits"]["counts"] == {"train": 70, "val": 10, "test": 20}
    assert record["splits"]["made"] == {
        "test": {"wanted": 20, "drawn": 20},
        "val": {"wanted": 10, "drawn": 10},
    }
    assert record["ids"] == {"imgid": 100, "sentid": 200}
    assert [image["imgid"] for image in images] == list(range(100))
    assert [id for image in images for id in image["sentids"]] == list(range(200))
    checked = normalise({"images": images}, "mine", "mine.csv")["images"]
    assert [image["filename"] for image in checked] == [f"{at}.jpg" for at in range(100)]
    assert json.loads(json.dumps(record)) == record


def test_the_draw_depends_on_the_seed_and_not_on_the_order():
    def draw(given: list[Row], seed: int) -> dict[str, str]:
        return split_of(complete(given, SplitShares(seed=seed))[0])

    first = draw(rows(50), 0)
    assert draw(rows(50), 0) == first == draw(rows(50)[::-1], 0)
    assert draw(rows(50), 1) != first
    more = draw(rows(52), 0)
    assert sum(more[name] != split for name, split in first.items()) <= 4


def test_only_what_is_missing_is_made():
    given = rows(20, split="train") + [Row(f"t{at}.jpg", f"Cat {at}.", "test") for at in range(5)]
    images, record = complete(given, SplitShares(val=0.2))
    assert record["splits"]["counts"] == {"train": 15, "val": 5, "test": 5}
    assert all(image["split"] == "test" for image in images if image["filename"].startswith("t"))
    assert list(record["splits"]["made"]) == ["val"]


def test_known_names_of_splits_are_renamed_and_others_refused():
    given = [Row(f"{at}.jpg", f"Dog {at}.", split) for at, split in enumerate(["restval", " Dev", "test"])]
    images, record = complete(given, SplitShares())
    assert [image["split"] for image in images] == ["train", "val", "test"]
    assert record["splits"]["renamed"] == {" Dev": "val", "restval": "train"}
    assert "split 'restval' is taken as train" in describe(record)
    with pytest.raises(GxnError, match=r"split: unknown name 'holdout'; known: train"):
        complete([Row("a.jpg", "A dog.", "holdout")], SplitShares())


def test_ids_that_are_given_stay_and_missing_ones_count_on():
    given = [
        Row("a.jpg", "A dog.", "train", 7, 100),
        Row("b.jpg", "A cat.", "val"),
        Row("c.jpg", "A bus.", "test", 2),
    ]
    images, record = complete(given, SplitShares())
    assert [image["imgid"] for image in images] == [7, 8, 2]
    assert [image["sentids"] for image in images] == [[100], [101], [102]]
    assert record["ids"] == {"imgid": 1, "sentid": 2}


def test_equal_first_captions_and_equal_files_are_drawn_together(tmp_path):
    """Image at, at + 1 share a first caption or a file, so that chains of three stand on one side."""
    given = []
    for at in range(60):
        caption = f"Dog {at - 1}." if at % 3 == 1 else f"Dog {at}."
        given += [Row(f"{at}.jpg", caption.upper() if at % 2 else caption), Row(f"{at}.jpg", "An animal.")]
        (tmp_path / f"{at}.jpg").write_bytes(b"x" * 9000 + str(at - (at % 3 == 2)).encode() * 4 + b"y" * 9000)
    images, record = complete(given, SplitShares(val=0.2, test=0.2), lambda name: tmp_path / name)
    sides = [image["split"] for image in images]
    assert all(len(set(sides[at : at + 3])) == 1 for at in range(0, 60, 3))
    assert collections.Counter(sides) == {"train": 36, "val": 12, "test": 12}
    assert record["equal"]["files"]["images"] == record["equal"]["first_captions"]["images"] == 40
    assert record["equal"]["files"]["across_splits"] == {}


def test_equal_images_across_given_splits_are_counted_and_warned_of(tmp_path):
    given = [
        Row("a.jpg", "A dog runs.", "train"),
        Row("b.jpg", "A cat.", "val"),
        Row("c.jpg", "a dog runs", "test"),
        Row("d.jpg", "A bus.", "test"),
    ]
    for name, data in zip("abcd", (b"1", b"2", b"3", b"1"), strict=True):
        (tmp_path / f"{name}.jpg").write_bytes(data)
    images, record = complete(given, SplitShares(), lambda name: tmp_path / name)
    assert [image["split"] for image in images] == ["train", "val", "test", "test"]
    warned = [line for line in describe(record) if line.startswith("warning")]
    assert warned == [
        "warning: equal files occur in several given splits (1 between train/test), "
        "such as a.jpg (train) = d.jpg (test)",
        "warning: equal first captions occur in several given splits (1 between train/test), "
        "such as a.jpg (train) = c.jpg (test)",
    ]


def test_an_image_without_a_split_goes_to_train_or_to_where_an_equal_one_is():
    given = [Row(f"{split}.jpg", f"A {split}.", split) for split in ("train", "val", "test")]
    given += [Row("x.jpg", "A test."), Row("y.jpg", "A dog.")]
    images, record = complete(given, SplitShares())
    assert [image["split"] for image in images] == ["train", "val", "test", "test", "train"]
    assert record["splits"]["without"] == 2
    assert "2 images had no split: to train, or to where an equal image is" in describe(record)


def test_a_group_larger_than_the_share_stays_in_train_and_is_said():
    given = rows(5) + [Row(f"same{at}.jpg", "A photo.") for at in range(45)]
    images, record = complete(given, SplitShares(val=0.1, test=0.1))
    counts = record["splits"]["counts"]
    assert counts == {"train": 45, "val": 3, "test": 2}
    assert all(split == "train" for name, split in split_of(images).items() if name.startswith("same"))
    assert any("were wanted for" in line for line in describe(record))


def test_three_different_images_are_the_least():
    images, _ = complete(rows(3), SplitShares())
    assert sorted(image["split"] for image in images) == ["test", "train", "val"]
    for few in (rows(2), [Row(f"{at}.jpg", "A photo.") for at in range(9)]):
        with pytest.raises(GxnError, match="are too few to draw a"):
            complete(few, SplitShares())


def test_contradictions_are_refused():
    with pytest.raises(GxnError, match=r"a.jpg: split: is 'train' and 'test'; an image has one split"):
        complete([Row("a.jpg", "A dog.", "train"), Row("a.jpg", "A cat.", "test")], SplitShares())
    with pytest.raises(GxnError, match=r"a.jpg: imgid: is 1 and 2"):
        complete([Row("a.jpg", "A dog.", imgid=1), Row("a.jpg", "A cat.", imgid=2)], SplitShares())
    with pytest.raises(GxnError, match="no image is in train"):
        complete([Row("a.jpg", "A dog.", "test"), Row("b.jpg", "A cat.", "val")], SplitShares())


def test_flickr8ks_equal_photographs_are_found(realdata):
    photographs = realdata / "flickr8k/images"
    value = json.loads((realdata / "flickr8k/dataset_flickr8k.json").read_text())
    given = [
        Row(image["filename"], sentence["raw"], image["split"])
        for image in value["images"]
        for sentence in image["sentences"]
    ]
    _, record = complete(given, SplitShares(), lambda name: photographs / name)
    assert record["equal"]["files"]["images"] == 2
    assert record["splits"]["made"] == {}
    assert record["splits"]["counts"] == {"train": 6000, "val": 1000, "test": 1000}
