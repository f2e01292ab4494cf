"""Captioned images as the steps read them."""

import pytest

from gxn.datasets.captions import Record, Sentence, image_ids, read_captions
from gxn.errors import GxnError
from gxn.files import write_json


def image(imgid: int = 0, **changes) -> dict:
    own = {
        "filename": f"{imgid}.png",
        "imgid": imgid,
        "split": "train",
        "sentences": [{"sentid": 5, "tokens": ["a"]}],
    }
    return own | changes


def read(folder, *images) -> list[Record]:
    write_json(folder / "captions.json", {"images": list(images)})
    return read_captions(folder / "captions.json")


def test_records_come_in_the_order_of_the_file(tmp_path):
    assert [record.imgid for record in read(tmp_path, image(9), image(4))] == [9, 4]


def test_a_record_has_its_captions(tmp_path):
    expected = Record("7.png", 7, "train", (Sentence(5, ("a",)),))
    assert read(tmp_path, image(7)) == [expected]


@pytest.mark.parametrize("truncated", [True, False])
def test_a_photograph_may_be_marked_as_cut(tmp_path, truncated):
    assert read(tmp_path, image(truncated=truncated))[0].truncated == truncated


def test_ids_are_an_array_in_that_order(tmp_path):
    ids = image_ids(read(tmp_path, image(9), image(4)))
    assert ids.tolist() == [9, 4] and ids.dtype == "int64"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"split": "restval"}, "ValueError: split 'restval'"),
        ({"split": None}, "ValueError: split None"),
        ({"imgid": -1}, "ValueError: -1 is not of type int"),
        ({"imgid": 2**63}, f"ValueError: {2**63} is not of type int"),
        ({"imgid": True}, "ValueError: True is not of type int"),
        ({"imgid": 1.0}, "ValueError: 1.0 is not of type int"),
        ({"filename": 5}, "ValueError: 5 is not of type str"),
        ({"truncated": "yes"}, "ValueError: 'yes' is not of type bool"),
        ({"sentences": [{"sentid": 0, "tokens": []}]}, "ValueError: tokens of sentence 0"),
        ({"sentences": [{"sentid": 0, "tokens": [1]}]}, "ValueError: tokens of sentence 0"),
        ({"sentences": [{"sentid": 0, "tokens": "a dog"}]}, "ValueError: 'a dog' is not of type list"),
        ({"sentences": [{"tokens": ["a"]}]}, "KeyError: 'sentid'"),
        ({"sentences": 5}, "TypeError: 'int' object is not iterable"),
    ],
)
def test_an_image_of_another_form_is_refused(tmp_path, change, reason):
    with pytest.raises(GxnError) as caught:
        read(tmp_path, image(**change))
    path, what = tmp_path / "captions.json", f"is not a captions.json of this package ({reason})"
    assert str(caught.value) == f"{path}: {what}; make it with the step prepare"


@pytest.mark.parametrize("content", ["[]", "5", '{"images": 5}', "{}"])
def test_a_file_of_another_form_is_refused(tmp_path, content):
    (tmp_path / "captions.json").write_text(content)
    with pytest.raises(GxnError, match=r"captions\.json: is not a captions\.json of this package"):
        read_captions(tmp_path / "captions.json")


def test_a_file_without_images_is_refused(tmp_path):
    with pytest.raises(GxnError, match=r"captions\.json: contains no image$"):
        read(tmp_path)


def test_an_id_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(GxnError, match=r"captions\.json: an imgid occurs twice; make it with the step"):
        read(tmp_path, image(4), image(4))
