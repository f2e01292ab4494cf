"""A visitor's picture as it is received: how much is read, and what of it is kept."""

import asyncio
import io

import pytest
from PIL import Image
from starlette.requests import Request

from gxn.page import uploads
from gxn.page.uploads import Refused, check, receive

HEAD = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n'
END = b"\r\n--b--\r\n"


def request(parts, kind=b"multipart/form-data; boundary=b"):
    """A request of these parts; the list `parts` loses those that were read."""

    async def message():
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    return Request({"type": "http", "method": "POST", "headers": [(b"content-type", kind)]}, message)


def test_the_bytes_of_the_field_are_received_whole():
    parts = [HEAD, b"abc", b"\r\n--c\r\n", END]
    assert asyncio.run(receive(request(parts))) == b"abc\r\n--c\r\n"


def test_what_is_too_large_is_read_on_for_the_browser_but_not_for_ever(monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 1000)
    monkeypatch.setattr(uploads, "DRAINED", 5000)
    parts = [HEAD, *[bytes(500)] * 100]
    with pytest.raises(Refused, match="larger than") as refused:
        asyncio.run(receive(request(parts)))
    assert refused.value.status == 413 and len(parts) == 101 - 11


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ([b""], b"multipart/form-data; boundary=b"),
        ([HEAD, b"abc", END], b"multipart/form-data"),
        ([b"--b\r\nno header\r\n\r\nabc", END], b"multipart/form-data; boundary=b"),
        ([HEAD, b"abc", b"\r\n", HEAD, b"abc", END], b"multipart/form-data; boundary=b"),
    ],
)
def test_what_is_no_form_with_one_picture_is_refused(parts, kind):
    with pytest.raises(Refused) as refused:
        asyncio.run(receive(request(parts, kind)))
    assert refused.value.status == 400


def test_only_the_head_of_a_file_is_looked_at(tmp_path):
    written = io.BytesIO()
    Image.new("RGB", (30, 20)).save(written, "PNG")
    path = tmp_path / "head"
    path.write_bytes(written.getvalue()[:60])
    check(path)


def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    with pytest.raises(Refused, match="pixels") as refused:
        check(path)
    assert refused.value.status == 413 and path.stat().st_size < 100_000
