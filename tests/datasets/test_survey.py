"""The survey of a user's captions: messages about odd ones. tests/datasets/test_proposal.py has whole shapes."""

from pathlib import Path

import pytest
from PIL import Image

from gxn.datasets.survey import summary, survey
from gxn.errors import GxnError


def photographs(folder: Path) -> list[str]:
    """Twelve pictures, all different."""
    for at in range(12):
        Image.new("RGB", (64, 48), (at, 0, 7)).save(folder / f"{at}.png")
    return [f"{at}.png" for at in range(12)]


def table(folder: Path, header: str = "image,caption") -> Path:
    """A table of pictures, in lines of two fields."""
    path = folder / "captions.csv"
    path.write_text("\n".join([header, *(f"{name},A dog." for name in photographs(folder))]) + "\n")
    return path


@pytest.mark.parametrize("given", [True, False])
def test_a_table_with_other_columns_is_named_before_the_layouts(tmp_path, given):
    path = table(tmp_path, "Nr.;Dateiname;Größe")
    path.write_text(path.read_text(), encoding="utf-8-sig")
    with pytest.raises(GxnError) as raised:
        survey(tmp_path, [path] if given else None)
    first, second = str(raised.value).splitlines()[:2]
    assert first == (
        f"{path}: begins with 'Nr.;Dateiname;Größe'; name the column of image files `image` there, and that of "
        "captions `caption`"
    )
    assert second.startswith(f"{path}: has none" if given else f"{tmp_path}: contains no captions")


def test_a_fault_in_a_table_that_is_recognised_is_told_alone(tmp_path):
    path = table(tmp_path)
    path.write_text(path.read_text() + "0.png,\n")
    with pytest.raises(GxnError) as raised:
        survey(tmp_path)
    assert str(raised.value).startswith(f"{path}: line 14: ")


def test_texts_beside_pictures_may_end_in_capitals(tmp_path):
    for at, name in enumerate(photographs(tmp_path)):
        (tmp_path / name).with_suffix(".TXT" if at == 0 else ".txt").write_text(f"A dog number {at}.")
    found = survey(tmp_path)
    assert found.uncaptioned == 0 and sum(found.counts[split] for split in ("train", "val", "test")) == 12
    assert ", typically 4 to a caption, and at most 4 in nine of ten" in summary(found)
