"""Archives unpack whole, inside their folder and without links, or not at all."""

import errno
import os
import stat
import zipfile
from functools import partial
from pathlib import Path

import pytest

from gxn.datasets import archives
from gxn.datasets.archives import unpack, unpack_member
from gxn.errors import GxnError

FILES = {"train2014/a.jpg": b"first", "train2014/deep/b.jpg": b"second" * 1000, "readme.txt": b"x"}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_come_out_as_they_went_in(tmp_path):
    unpack([zipped(tmp_path / "a", FILES)], tmp_path / "out")
    assert contents(tmp_path / "out") == FILES
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755


def test_several_archives_share_a_folder(tmp_path):
    first = zipped(tmp_path / "train.zip", {"train2014/a.jpg": b"1"})
    second = zipped(tmp_path / "val.zip", {"val2014/b.jpg": b"2"})
    unpack([first, second], tmp_path / "images")
    assert contents(tmp_path / "images") == {"train2014/a.jpg": b"1", "val2014/b.jpg": b"2"}


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/tmp/evil", "..\\evil", "c:evil"])
def test_names_that_lead_outside_are_refused(tmp_path, name):
    (tmp_path / "in").mkdir()
    archive = zipped(tmp_path / "in/a", FILES | {name: b"evil"})
    with pytest.raises(GxnError, match="would lie outside"):
        unpack([archive], tmp_path / "in/out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "in"]


def test_a_name_that_is_empty_is_refused(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"q": b""})
    archive.write_bytes(archive.read_bytes().replace(b"q", b"\0"))
    with pytest.raises(GxnError, match=r"a\.zip: '' would lie outside"):
        unpack([archive], tmp_path / "out")


def test_links_are_refused(tmp_path):
    archive = zipped(tmp_path / "a.zip", FILES)
    with zipfile.ZipFile(archive, "a") as file:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    with pytest.raises(GxnError, match="'link' is a link or a device"):
        unpack([archive], tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(tmp_path):
    archive = zipped(tmp_path / "a.zip", FILES)
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("./readme.txt", b"y")
    with pytest.raises(GxnError, match="two files of the same name"):
        unpack([archive], tmp_path / "out")


def test_a_damaged_archive_leaves_no_folder(tmp_path):
    archive = zipped(tmp_path / "a", {"noise": bytes(range(256)) * 40, **FILES})
    data = bytearray(archive.read_bytes())
    data[60:90] = bytes(30)
    archive.write_bytes(data)
    with pytest.raises(GxnError, match=f"{archive}: is damaged"):
        unpack([archive], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    archive.write_bytes(b"<html>")
    with pytest.raises(GxnError, match="not a zip archive"):
        unpack([archive], tmp_path / "out")
    with pytest.raises(GxnError, match=r"none.zip: cannot be read: No such file"):
        unpack([tmp_path / "none.zip"], tmp_path / "out")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_is_refused(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as file:
        file.writestr("a.txt", b"a")
    with pytest.raises(GxnError, match=r"a\.zip: 'a\.txt' is compressed by another method than deflate"):
        unpack([tmp_path / "a.zip"], tmp_path / "out")


def test_what_a_killed_call_left_is_removed_before_there_must_be_room(tmp_path, monkeypatch):
    left = tmp_path / ".out.12345678.part"
    left.mkdir()
    (left / "a.jpg").write_bytes(b"half")
    room = archives.shutil.disk_usage(tmp_path)

    def usage(_path):
        assert not left.exists()
        return room

    monkeypatch.setattr(archives.shutil, "disk_usage", usage)
    unpack([zipped(tmp_path / "a.zip", FILES)], tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "out"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    archive = zipped(tmp_path / "a.zip", FILES)
    with pytest.raises(GxnError, match="file/out: cannot be written: "):
        unpack([archive], tmp_path / "file/out")


def test_a_full_disk_is_not_taken_for_a_damaged_archive(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archives.shutil, "copyfileobj", full)
    with pytest.raises(GxnError, match="out: cannot be written: No space left on device; make room there"):
        unpack([zipped(tmp_path / "a.zip", FILES)], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("keep me")
    with pytest.raises(GxnError, match="not empty"):
        unpack([zipped(tmp_path / "a.zip", FILES)], tmp_path / "out")
    assert contents(tmp_path / "out") == {"mine.txt": b"keep me"}


def test_one_file_is_taken_out_by_the_end_of_its_path(tmp_path):
    archive = zipped(
        tmp_path / "a.zip", {"x/data.json": b"{}", "x/more_data.json": b"[]", "y/a": b"", "z/a": b""}
    )
    unpack_member(archive, "data.json", tmp_path / "out/data.json")
    assert (tmp_path / "out/data.json").read_bytes() == b"{}"
    with pytest.raises(GxnError, match="holds no files called 'none'"):
        unpack_member(archive, "none", tmp_path / "none")
    with pytest.raises(GxnError, match="holds 2 files called 'a'"):
        unpack_member(archive, "a", tmp_path / "a")


def test_too_little_room_is_said_first(tmp_path, monkeypatch):
    usage = archives.shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(GxnError, match="GB are needed"):
        unpack([zipped(tmp_path / "a.zip", FILES)], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_name_too_long_for_a_file_is_the_archive_s_fault(tmp_path):
    archive = zipped(tmp_path / "a.zip", FILES | {"b/" + "é" * 128: b""})
    with pytest.raises(GxnError, match=r"a\.zip: 'b/é.* is too long a name"):
        unpack([archive], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["pipe.zip", "/dev/zero"])
def test_a_pipe_or_a_device_is_not_read(name, tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    archive = tmp_path / name
    for call in (partial(unpack, [archive]), partial(unpack_member, archive, "a")):
        with pytest.raises(GxnError, match=f"^{archive}: is a pipe, a socket or a device"):
            call(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.zip"]
