"""Results opened for the page."""

import shutil

import pytest
from small import ROOT
from starlette.testclient import TestClient

from gxn.errors import GxnError
from gxn.page.opening import open_application
from gxn.using.results import Results

METHODS = ("vse0", "two_space")


@pytest.fixture
def place(results, tmp_path, monkeypatch):
    """The repository's folder with embeddings of two rows, and without checkpoints."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    data, found = tmp_path / "data/scenes", tmp_path / "results/scenes"
    data.mkdir(parents=True)
    for name in ("captions.json", "images.h5"):
        shutil.copy(results.folder / name, data)
    for method in METHODS:
        shutil.copytree(results.folder / "embeddings" / method, found / "embeddings" / method)
    monkeypatch.chdir(tmp_path)
    return found


def trained(place, monkeypatch, model):
    """A checkpoint of one of the rows, which opens as `model`."""
    path = place / "checkpoints/joint/vse0/seed0.safetensors"
    path.parent.mkdir(parents=True)
    path.touch()
    monkeypatch.setattr(Results, "open", lambda self, row: model)


def test_rows_with_embeddings_are_shown_and_those_with_checkpoints_answer(place, monkeypatch, asked):
    trained(place, monkeypatch, asked.model)
    table = place / "table_ablation.csv"
    table.write_text("dataset,method,seeds,rsum\nscenes,vse0,1,99\n")
    client = TestClient(open_application([], ["localhost"]), base_url="http://localhost")
    page = client.get("/").text
    assert "VSE0" in page and "Two spaces" in page and "VSE++" not in page
    assert "99" in client.get("/pages/tables.html").text
    assert client.get("/pages/picture/7.html").status_code == 200


def test_rows_without_a_checkpoint_do_not_answer(place):
    with pytest.raises(GxnError, match="none of the rows has a checkpoint; run the workflow"):
        open_application([], ["localhost"])


def test_where_nothing_has_run_the_page_says_what_to_run(place):
    shutil.rmtree(place)
    with pytest.raises(GxnError, match="results/scenes: has no embeddings yet; run the workflow"):
        open_application([], ["localhost"])
