"""The step that renders the data set: its files, sizes and bytes."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from gxn.steps.make_scenes import step

from gxn.errors import GxnError

SECTION = {"seed": 0, "size": 32, "train": 70, "val": 10, "test": 12}


def made(folder: Path, **changes: int) -> tuple[dict, np.ndarray, np.ndarray]:
    step(SECTION | changes, folder / "captions.json", folder / "images.h5")
    with h5py.File(folder / "images.h5") as file:
        return json.loads((folder / "captions.json").read_text()), file["images"][:], file["imgid"][:]


def test_layout_of_the_files(tmp_path: Path) -> None:
    captions, images, imgid = made(tmp_path)
    assert images.shape == (92, 32, 32, 3) and images.dtype == np.uint8
    assert imgid.tolist() == [each["imgid"] for each in captions["images"]] == list(range(92))
    assert [each["split"] for each in captions["images"]] == ["train"] * 70 + ["val"] * 10 + ["test"] * 12
    sentences = [sentence for each in captions["images"] for sentence in each["sentences"]]
    assert [sentence["sentid"] for sentence in sentences] == list(range(5 * 92))
    assert all(s["sentid"] in captions["images"][s["imgid"]]["sentids"] for s in sentences)
    assert len({each["filename"] for each in captions["images"]}) == 92
    assert all(image.std() > 0 for image in images)


def test_same_bytes_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        made(tmp_path / name)
    for file in ("captions.json", "images.h5"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_an_image_is_the_same_whatever_the_sizes(tmp_path: Path) -> None:
    small, pixels, _ = made(tmp_path / "small")
    large, more_pixels, _ = made(tmp_path / "large", train=130)
    assert (pixels[:70] == more_pixels[:70]).all() and (pixels[70:] == more_pixels[130:]).all()
    facts = [[each["scene"] for each in which["images"]] for which in (small, large)]
    assert facts[0] == facts[1][:70] + facts[1][130:]
    raw = [[s["raw"] for each in which["images"] for s in each["sentences"]] for which in (small, large)]
    assert raw[0] == raw[1][:350] + raw[1][650:]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (SECTION | {"train": 0}, r"scenes\.train: must be from 2 to"),
        (SECTION | {"val": "many"}, r"scenes\.val: must be int, not 'many'"),
        (SECTION | {"tran": 3}, r"scenes\.tran: unknown key; did you mean 'train'\?"),
        (5, r"scenes: must be a mapping of keys, not 5"),
    ],
)
def test_a_bad_section_leaves_nothing_behind(tmp_path: Path, section: Any, message: str) -> None:
    with pytest.raises(GxnError, match=message):
        step(section, tmp_path / "captions.json", tmp_path / "images.h5")
    assert list(tmp_path.iterdir()) == []
