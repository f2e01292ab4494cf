"""Records under study/, and their files, of a folder made by hand."""

import pytest
from workflow import records

MADE = (
    "study/scenes/about.json", "study/scenes/metrics/a/seed0.json", "study/scenes/ranks/a/seed0.h5",
    "study/scenes/figures/i2t.pdf", "study/dose/about.json", "study/b/metrics/a/seed0.json", "paper/paper.typ",
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in MADE:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_record_says_what_it_is_of():
    assert records.about() == {"dose": "study/dose/about.json", "scenes": "study/scenes/about.json"}


def test_the_paper_shows_scenes_and_photographs_where_they_are_recorded():
    assert records.shown() == ["scenes"]


def test_without_records_nothing_of_the_paper_is_read(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    monkeypatch.setattr(records, "ROOT", tmp_path / "empty")
    assert records.shown() == []


def test_all_files_of_a_record_are_listed():
    assert records.files("scenes") == sorted(name for name in MADE if name.startswith("study/scenes/"))


def test_runs_are_metrics_and_ranks():
    assert records.runs() == sorted(name for name in MADE if "/metrics/" in name or "/ranks/" in name)


def test_grids_and_parts_of_the_text_are_listed():
    assert (records.grids(), records.parts()) == (["study/scenes/figures/i2t.pdf"], ["paper/paper.typ"])
