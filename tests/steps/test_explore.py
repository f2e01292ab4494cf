"""The step that writes pages: all of them, again, and nothing half."""

import pytest
from pages import made_collection

from gxn.errors import GxnError
from gxn.files import read_json, write_json
from gxn.page.site import Site
from gxn.steps import explore

ROWS = ("vse0", "vsepp", "order", "two_space", "gxn_i2t_xe", "gxn_i2t_mix", "gxn_t2i", "gxn_i2t_t2i")


@pytest.fixture
def arguments(results, tmp_path):
    """Arguments of the step for made results."""
    imagined = tmp_path / "imagined.json"
    content = read_json(results.folder / "imagined.json")
    write_json(imagined, content | {"method": "gxn_i2t_t2i", "warnings": []})
    given = {
        "config": results.config,
        "captions": results.folder / "captions.json",
        "images": results.folder / "images.h5",
        "embeddings": tuple(results.folder / f"embeddings/{row}/seed0.h5" for row in ROWS),
        "imagined": (imagined,),
        "drawings": (results.folder / "imagined.h5",),
        "out": tmp_path / "explore",
    }
    return lambda **changes: explore.Arguments(**given | changes)


def written(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_folder_holds_what_the_site_says_and_nothing_of_an_earlier_time(arguments, tmp_path, monkeypatch):
    monkeypatch.setattr(explore, "MOST", 4)
    stale = tmp_path / "explore/pages/picture/9.html"
    stale.parent.mkdir(parents=True)
    stale.touch()
    explore.explore(arguments())
    files = written(tmp_path / "explore")
    assert "pages/picture/9.html" not in files
    assert sum(name.startswith("pages/picture/") for name in files) == 4
    assert sum(name.startswith("pages/image/") for name in files) == 120
    assert sum(name.startswith("pages/differences/") for name in files) == 28
    explore.explore(arguments())
    assert written(tmp_path / "explore") == files


def test_the_front_page_is_written_last(arguments, tmp_path, monkeypatch):
    explore.explore(arguments())

    def fails(site, path):
        if path.endswith("tables.html") or "differences" in path:
            raise GxnError("no")
        return b""

    monkeypatch.setattr(Site, "content", fails)
    with pytest.raises(GxnError, match="no"):
        explore.explore(arguments())
    assert not (tmp_path / "explore/index.html").exists()


def test_a_folder_that_cannot_be_written_is_said(arguments, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(GxnError, match="cannot be written"):
        explore.explore(arguments(out=tmp_path / "file"))


def test_without_pictures_names_are_shown(arguments, tmp_path):
    explore.explore(arguments(images=None))
    assert not (tmp_path / "explore/pages/image").exists()
    assert "0.png" in (tmp_path / "explore/pages/picture/0.html").read_text()


def test_the_site_of_one_row_is_written(tmp_path):
    assert "pages/differences.html" not in list(Site(made_collection(rows=("near",))).paths())
