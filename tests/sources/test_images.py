"""The source that reads photographs: what is missing, empty, doubled or unreadable is named."""

import json
from pathlib import Path

import numpy as np
import pytest
from karpathy_json import dataset, save_images
from PIL import Image

from gxn.configuration.section import parse
from gxn.datasets import karpathy
from gxn.datasets.captions import read_captions
from gxn.errors import GxnError
from gxn.files import read_json, write_json
from gxn.sources._source import Order
from gxn.sources.images import Fault, Parameters, fault_of, make


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with in.json and its pictures in images/."""
    value = dataset()
    write_json(tmp_path / "in.json", value)
    save_images(value, tmp_path / "images")
    return tmp_path


def change(place: Path, edit) -> None:
    """Edit in.json."""
    value = read_json(place / "in.json")
    edit(value)
    write_json(place / "in.json", value)


def made(place: Path, name: str = "toy", **changes) -> Path:
    given = {"captions": str(place / "in.json"), "images": str(place / "images")}
    order = Order(name, place / "out.json", split=place / "split.json")
    make(parse(Parameters, given | changes, "x"), order)
    return order.captions


def test_captions_come_back(place):
    records = read_captions(made(place))
    assert [record.split for record in records] == ["train", "train", "val", "test"]
    assert records[3].sentences[1].sentid == 31


def test_what_was_decided_is_written(place):
    made(place)
    assert "layouts" in read_json(place / "split.json")


def test_expected_counts_are_asserted(place):
    expected = {"train": 3, "val": 1, "test": 1, "captions": 2}
    with pytest.raises(GxnError, match=r"in\.json: split: 2 images in train, but 3 are expected$"):
        made(place, expected_counts=expected)
    assert not (place / "out.json").exists()


def test_a_missing_folder_is_named(place):
    with pytest.raises(GxnError, match=r"none: no such folder of images$"):
        made(place, images=str(place / "none"))


def test_and_where_photographs_are_had_by_request_where_to_ask(place):
    with pytest.raises(
        GxnError, match=r"none: no such folder of images; ask for .* at https://forms\.illinois\.edu"
    ):
        made(place, "flickr30k", images=str(place / "none"))


class TestWords:
    """Captions reworded in `raw` alone."""

    @pytest.fixture
    def edited(self, place):
        def edit(value):
            for image in value["images"]:
                for sentence in image["sentences"]:
                    sentence["raw"] = "A dog."
            value["images"][1]["sentences"][0]["raw"] = "A zebra."

        change(place, edit)
        return place

    def test_are_said(self, edited, capsys):
        made(edited)
        assert (
            "in 1 captions, the first 1.png, sentid 10, `tokens` are not the words of"
            in capsys.readouterr().err
        )

    def test_and_learnt_as_they_stand_in_tokens(self, edited):
        assert read_captions(made(edited))[1].sentences[0].tokens == ("a", "dog")

    def test_without_tokens_they_are_the_words_of_raw(self, edited, capsys):
        change(edited, lambda value: value["images"][1]["sentences"][0].pop("tokens"))
        assert read_captions(made(edited))[1].sentences[0].tokens == ("a", "zebra")
        assert "tokens" not in capsys.readouterr().err


class TestCutPhotograph:
    @pytest.fixture
    def cut(self, place):
        """A photograph whose end is missing."""
        change(place, lambda value: value["images"][2].update(filename="cut.jpg"))
        path = place / "images" / "cut.jpg"
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)).save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return place

    def test_it_is_refused_with_what_to_do(self, cut):
        message = r"cut\.jpg: image 2 cannot be read.*; dataset\.source\.truncated_images: keep would fill"
        with pytest.raises(GxnError, match=message):
            made(cut)
        assert not (cut / "out.json").exists()

    def test_or_kept_where_that_is_said(self, cut):
        records = read_captions(made(cut, truncated_images="keep"))
        assert [record.truncated for record in records] == [False, False, True, False]

    def test_and_named_on_the_screen(self, cut, capsys):
        made(cut, truncated_images="keep")
        assert "cut.jpg: is cut short; kept, with its missing end in grey" in capsys.readouterr().out


def test_a_file_that_is_no_image_is_refused_even_where_cut_ones_are_kept(place):
    (place / "images" / "2.png").write_bytes(b"no image")
    with pytest.raises(GxnError, match=r"2\.png: image 2 cannot be read: is not an image"):
        made(place, truncated_images="keep")


@pytest.mark.parametrize("named", [2, 10])
def test_all_images_that_are_wrong_are_named_at_once(place, monkeypatch, named):
    monkeypatch.setattr(karpathy, "NAMED", named)
    for row in (1, 2, 3):
        (place / "images" / f"{row}.png").write_bytes(b"no image")
    with pytest.raises(GxnError) as caught:
        made(place)
    lines = [
        f"{place}/images/{row}.png: image {row} cannot be read: is not an image (JPEG, PNG, WEBP, BMP, GIF, TIFF)"
        for row in (1, 2, 3)
    ]
    assert str(caught.value).splitlines() == (lines if named == 10 else [*lines[:2], "and 1 more"])


@pytest.mark.parametrize(
    ("content", "fault"),
    [(b"no image", (True, False)), (None, (False, False))],
)
def test_a_fault_says_whether_filling_in_would_help(place, content, fault):
    from gxn.datasets.images import open_images

    if content is not None:
        (place / "images" / "0.png").write_bytes(content)
    entry = json.loads((place / "in.json").read_text())["images"][0]
    found = fault_of(open_images(place / "images"), entry)
    assert isinstance(found, Fault) and (bool(found.problem), found.cut) == fault


def test_the_source_says_what_it_reads():
    parameters = parse(Parameters, {"captions": "a.json", "images": "b"}, "x")
    assert (parameters.renders(), parameters.captions_files()) == (False, ("a.json",))
    assert (parameters.images_folder(), parameters.counts(), parameters.image_side()) == ("b", None, None)


def test_expected_counts_are_known_before_the_files_are():
    expected = {"train": 6000, "val": 1000, "test": 900, "captions": 5}
    given = {"captions": ["a.json", "b.json"], "images": "b", "expected_counts": expected}
    assert parse(Parameters, given, "x").counts() == (6000, 1000, 900, 30_000)
