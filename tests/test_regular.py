"""Regular files alone are read, whole and as UTF-8; nothing is waited for, and each refusal names the file."""

import errno
import os
import socket

import pytest

from gxn import regular
from gxn.errors import GxnError

OTHERS = {
    "pipe": "is a pipe, a socket or a device, not a regular file; give a file",
    "socket": "is a pipe, a socket or a device, not a regular file; give a file",
    "device": "is a pipe, a socket or a device, not a regular file; give a file",
    "loop": "cannot be read: Too many levels of symbolic links",
    "folder": "is a folder, not a file",
    "gone": "cannot be read: No such file or directory",
    "nul\0": "cannot be read: embedded null",
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with everything that is no file."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    os.symlink("/dev/zero", "device")
    os.symlink("loop", "loop")
    os.mkdir("folder")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    return tmp_path


@pytest.mark.parametrize("read", [regular.require_regular, regular.read_bytes, regular.read_text])
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_file_is_refused(name, read, place):
    with pytest.raises(GxnError) as caught:
        read(name)
    assert str(caught.value).startswith(f"{name}: {OTHERS[name]}")


def test_a_file_that_becomes_a_pipe_is_not_waited_for(place, monkeypatch):
    (place / "file").write_text("x")
    as_it_was = os.stat("file")
    os.remove("file")
    os.mkfifo("file")
    monkeypatch.setattr(os, "stat", lambda path: as_it_was)
    with pytest.raises(GxnError, match=r"^file: is a pipe"):
        regular.read_bytes("file")


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(place):
    with open("large", "wb") as file:
        file.truncate(regular.MAX_BYTES + 1)
    with pytest.raises(GxnError, match=r"^large: has 4\.3 GB, of at most 4\.3 GB$"):
        regular.read_bytes("large")


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EACCES, "Permission denied; make it readable and run again"),
        (errno.EIO, "Input/output error; the disk or the network failed, so look at these and keep the file"),
        (errno.ESTALE, "Stale file handle"),
    ],
)
def test_each_cause_has_its_advice_and_none_is_to_delete(number, advice, place, monkeypatch):
    (place / "file").write_text("x")

    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(GxnError) as caught:
        regular.read_bytes("file")
    assert str(caught.value) == f"file: cannot be read: {advice}"


def test_the_beginning_alone_is_read(place):
    (place / "file").write_bytes(b"abcdef")
    assert regular.read_bytes("file", 4) == b"abcd"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_text(mark, place):
    (place / "file").write_bytes(mark + "é".encode())
    assert regular.read_text("file") == "é"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\nb\xff", "line 2: byte 0xff is not UTF-8; save the file as UTF-8"),
        ("a".encode("utf-16"), "is UTF-16; save it as UTF-8"),
    ],
)
def test_another_encoding_is_named(content, message, place):
    (place / "file").write_bytes(content)
    with pytest.raises(GxnError) as caught:
        regular.read_text("file")
    assert str(caught.value) == f"file: {message}"


def test_lines_end_in_line_feeds_alone():
    text = "a\u2028b\r\n\n \n\x0cc\x85d\ne"
    assert list(regular.lines(text)) == [(1, "a\u2028b"), (4, "\x0cc\x85d"), (5, "e")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": {"b": 1, "b": 1}}', "the key 'b' is given twice in one object; keep one of them"),
        ("[" * 100_000, "is not JSON"),
        ("{", "is not JSON"),
    ],
)
def test_what_is_no_json_is_refused(text, message):
    with pytest.raises(GxnError) as caught:
        regular.parse_json(text, "a.json")
    assert str(caught.value).startswith(f"a.json: {message}")
