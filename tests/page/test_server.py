"""Every route by the test client: pages, questions, and what is refused."""

import io
from html import escape
from posixpath import join, normpath

import numpy as np
import pytest
from pages import MARKUP
from PIL import Image
from starlette.testclient import TestClient

from gxn.page import uploads
from gxn.page.server import LONGEST, application
from gxn.page.site import INDEX

HOME = "To the front page"


@pytest.fixture(scope="module")
def client(asked):
    return TestClient(application(asked.site, asked.live, ["localhost"]), base_url="http://localhost")


def encoded(pixels, form="PNG"):
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, form)
    return written.getvalue()


def given(client, data, name="picture"):
    return client.post("/look", files={name: ("a.png", data, "image/png")})


def test_every_path_of_the_site_is_answered_with_its_type(client, asked):
    kinds = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "webp": "image/webp"}
    for path in (INDEX, *asked.site.paths()):
        answer = client.get(f"/{path}")
        assert answer.status_code == 200 and answer.headers["content-type"] == kinds[path.rpartition(".")[2]]
        assert answer.content == asked.site.content(path)
    assert client.get("/").content == client.get("/index.html").content


def test_no_answer_lets_anything_in_from_elsewhere(client):
    for answer in (client.get("/"), client.get("/nothing"), client.get("/search?q=w1"), client.post("/look")):
        policy = answer.headers["content-security-policy"]
        assert (
            "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script" not in policy
        )
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_sentence_is_answered_and_escaped(client):
    query = f"w1 {MARKUP}"
    answer = client.get("/search", params={"q": query})
    assert answer.status_code == 200 and "<script>" not in answer.text
    assert escape(query).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in answer.text
    assert "Not in the vocabulary" in answer.text and "Far &amp; &lt;wide&gt;" in answer.text  # not asked


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "There is no sentence"),
        ("   ", "There is no sentence"),
        ("w1 " * LONGEST, f"the limit is {LONGEST}"),
        ("<script>alert(1)</script>", "none of its words is among"),
    ],
)
def test_a_sentence_that_cannot_be_asked_is_refused_with_a_page(client, query, reason):
    answer = client.get("/search", params={"q": query})
    assert answer.status_code == 400 and reason in answer.text and HOME in answer.text
    assert "<script>" not in answer.text


def test_a_picture_is_answered(client, asked):
    answer = given(client, asked.pictures[2].read_bytes())
    assert (
        answer.status_code == 200 and "picture 102" in answer.text and "Captions found for it" in answer.text
    )


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_pictures_of_common_formats_are_read(client, form):
    assert given(client, encoded(np.full((20, 30, 3), 90, np.uint8), form)).status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        b"no picture",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_another_format_is_refused(client, data):
    answer = given(client, data)
    assert (
        answer.status_code == 415 and "not a picture that can be read" in answer.text and HOME in answer.text
    )


def test_a_picture_of_too_many_bytes_is_refused(client, monkeypatch):
    data = encoded(np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8))
    monkeypatch.setattr(uploads, "MOST_BYTES", len(data) - 1)
    answer = given(client, data)
    assert answer.status_code == 413 and "larger than" in answer.text


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(client, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_PIXELS", 599)
    # its pixels are cut off: decoding would fail otherwise than by their number
    answer = given(client, encoded(np.zeros((20, 30, 3), np.uint8))[:60])
    assert answer.status_code == 413 and "30 × 20 pixels" in answer.text


def test_a_damaged_picture_is_refused_without_the_server_s_paths(client):
    data = encoded(np.random.default_rng(0).integers(0, 256, (99, 99, 3), np.uint8), "JPEG")
    answer = given(client, data[: len(data) // 2])
    assert answer.status_code == 422 and "The picture cannot be read" in answer.text
    assert "/tmp" not in answer.text and "gxn-" not in answer.text


def test_a_form_without_a_picture_is_refused(client):
    assert client.post("/look").status_code == 400
    assert client.post("/look", data={"picture": "a word"}).status_code == 400
    assert given(client, b"").status_code == 400
    assert given(client, encoded(np.zeros((9, 9, 3), np.uint8)), "other").status_code == 400


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/pages/picture/999.html", "The test split has no picture 999."),
        ("/pages/differences/near.nobody.html", "There is no row nobody: the rows are near, far."),
        ("/a/b/c/%3Cscript%3E", "There is no page a/b/c/&lt;script&gt;."),
        ("/pages/%2e%2e/%2e%2e/params.yaml", "There is no page"),
    ],
)
def test_what_is_not_there_is_a_page_that_leads_on(client, path, reason):
    answer = client.get(path)
    assert answer.status_code == 404 and reason in answer.text and HOME in answer.text
    home = answer.text.split(HOME)[0].rpartition('href="')[2].partition('"')[0]
    assert client.get(normpath(join(str(answer.url.path).rpartition("/")[0] or "/", home))).status_code == 200


def test_a_picture_s_address_opened_again_leads_on(client):
    answer = client.get("/look")
    assert answer.status_code == 404 and HOME in answer.text and 'name="picture"' in answer.text


def test_another_name_of_the_host_is_refused(client):
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 400
