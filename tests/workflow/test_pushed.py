"""A remote that holds half of what DVC says it does is found out, and completed."""

import os

import pytest
from dvc.repo import Repo
from workflow import pushed


@pytest.fixture
def repo(tmp_path, monkeypatch):
    """A project of 14 files and objects, pushed to a folder, of which half was lost but for the folder's list."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    place = tmp_path / "project"
    place.mkdir()
    monkeypatch.chdir(place)
    with Repo.init(str(place), no_scm=True) as repo:
        with repo.config.edit() as config:
            config["core"]["remote"] = "storage"
            config["remote"]["storage"] = {"url": str(tmp_path / "remote"), "verify": True}
    for number in range(12):
        (place / "own").mkdir(exist_ok=True)
        (place / f"own/{number}.txt").write_text(str(number))
    (place / "one.txt").write_text("one")
    with Repo(str(place)) as repo:
        repo.add(["own", "one.txt"])
        assert repo.push() == 14
        yield repo


def lose(tmp_path, count, lists=False):
    """Take files away from the remote; folders' lists only if asked."""
    stored = [path for path in sorted((tmp_path / "remote").rglob("*")) if path.is_file()]
    for path in [path for path in stored if (path.suffix == ".dir") == lists][:count]:
        os.remove(path)


def test_a_whole_remote_is_said_to_be_whole(repo, capsys):
    assert pushed.complete(repo, None) == (14, 0, [])
    pushed.main([])
    assert capsys.readouterr().out == "the remote holds all 14 files\n"


def test_what_dvc_passes_over_is_sent(repo, tmp_path, capsys):
    lose(tmp_path, 6)
    assert repo.push() < 6  # the fault of DVC's that this is for
    pushed.main(["storage"])
    assert "14 files; " in capsys.readouterr().out
    assert pushed.complete(repo, None) == (14, 0, [])


def test_a_list_that_is_missing_is_sent_last(repo, tmp_path):
    lose(tmp_path, 1, lists=True)
    lose(tmp_path, 3)
    assert pushed.complete(repo, None) == (14, 4, [])
    assert pushed.complete(repo, None) == (14, 0, [])


def test_what_is_nowhere_is_named_and_nothing_is_sent(repo, tmp_path):
    lose(tmp_path, 6)
    repo.cache.local.clear()
    with pytest.raises(
        SystemExit, match=r"error: 6 of 14 files are neither in the remote nor here, such as o"
    ):
        pushed.main([])


def test_a_remote_that_is_not_known_is_an_error(repo):
    with pytest.raises(SystemExit, match=r"error: the remote cannot be asked: .*nowhere"):
        pushed.main(["nowhere"])
