"""The step that unpacks archives."""

import zipfile

import pytest

from gxn.errors import GxnError
from gxn.steps.unpack import Arguments, unpack


@pytest.fixture
def archives(tmp_path):
    for name in ("a", "b"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as file:
            file.writestr(f"{name}/{name}.txt", name)
    return tmp_path / "a.zip", tmp_path / "b.zip"


def test_all_files_of_the_archives_come_out(archives, tmp_path):
    unpack(Arguments(archive=archives, out=tmp_path / "out"))
    assert [(tmp_path / "out" / name / f"{name}.txt").read_text() for name in "ab"] == ["a", "b"]


def test_or_one_member_of_one(archives, tmp_path):
    unpack(Arguments(archive=archives[:1], member="a.txt", out=tmp_path / "a.txt"))
    assert (tmp_path / "a.txt").read_text() == "a"


def test_one_member_is_of_one_archive(archives, tmp_path):
    with pytest.raises(GxnError, match=r"^--member: takes one archive only$"):
        unpack(Arguments(archive=archives, member="a.txt", out=tmp_path / "a.txt"))
