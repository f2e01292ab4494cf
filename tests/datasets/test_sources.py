"""The list of public files is whole, and a dataset comes through it from a server to checked captions."""

import functools
import hashlib
import http.server
import json
import threading
import zipfile

import numpy as np
import pytest
import yaml
from PIL import Image

from gxn.datasets.captions import read_captions
from gxn.datasets.downloads import show_terms, source, weights_source, where_to_ask
from gxn.errors import GxnError
from gxn.steps.download import download
from gxn.steps.prepare import prepare
from gxn.steps.unpack import unpack_step

COCO = ("caption_datasets.zip", "train2014.zip", "val2014.zip")


def test_the_list_is_whole():
    for name in COCO:
        each = source(name)
        assert each.bytes > 1e7 and len(each.sha256) == 64 and len(each.urls) > 1
        show_terms(each.terms)
    with pytest.raises(GxnError, match=r"has no 'train2015.zip'; did you mean 'train2014.zip'"):
        source("train2015.zip")


def test_one_is_told_where_to_ask_for_photographs(tmp_path):
    assert where_to_ask("coco") == where_to_ask("mine") == ""
    (tmp_path / "c.json").write_text(
        json.dumps({"images": [image(0, "train"), image(1, "val"), image(2, "test")]})
    )
    with pytest.raises(
        GxnError, match=r"none: no such folder of images; ask for .* at https://forms.illinois.edu"
    ):
        prepare(tmp_path / "c.json", tmp_path / "none", "flickr30k", None, "refuse", tmp_path / "out.json")


def test_weights_of_the_papers_networks_are_listed():
    assert weights_source("vgg19").sha256 == "dcbb9e9d"
    assert weights_source("resnet152").sha256 == "394f9c45"
    with pytest.raises(GxnError, match="no ImageNet weights"):
        weights_source("vgg20")


def image(row: int, split: str) -> dict:
    """An image as COCO's Karpathy file has it."""
    folder = "train2014" if split == "train" else "val2014"  # restval too is from COCO's validation images
    sentences = [
        {"raw": "A dog .", "tokens": ["a", "dog"], "imgid": row, "sentid": 9 * row + number}
        for number in range(6)
    ]
    found = {"filepath": folder, "filename": f"{row}.jpg", "imgid": row, "cocoid": 77 + row, "split": split}
    return found | {"sentids": [each["sentid"] for each in sentences], "sentences": sentences}


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A server with a small COCO, and the list pointing to it, each file's first mirror dead."""
    site = tmp_path / "site"
    site.mkdir()
    images = [image(row, split) for row, split in enumerate(("train", "restval", "val", "test", "train"))]
    with zipfile.ZipFile(site / "caption_datasets.zip", "w") as file:
        file.writestr("dataset_coco.json", json.dumps({"dataset": "coco", "images": images}))
    for folder in ("train2014", "val2014"):
        with zipfile.ZipFile(site / f"{folder}.zip", "w") as file:
            for each in images:
                if each["filepath"] == folder:
                    with file.open(f"{folder}/{each['filename']}", "w") as jpeg:
                        Image.fromarray(np.full((40, 60, 3), each["imgid"], np.uint8)).save(jpeg, "JPEG")
    handler = functools.partial(Quiet, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    listed = yaml.safe_load(sources.LIST.read_text())
    root = f"http://127.0.0.1:{server.server_address[1]}"
    for name in COCO:
        data = (site / name).read_bytes()
        entry = {"bytes": len(data), "md5": None, "sha256": hashlib.sha256(data).hexdigest()}
        listed["files"][name] |= entry | {"urls": [f"{root}/gone/{name}", f"{root}/{name}"]}
    monkeypatch.setattr(sources, "_listed", lambda: listed)
    yield
    server.shutdown()
    server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


def test_coco_from_the_server_to_captions(served, tmp_path, capsys):
    raw, parts = tmp_path / "raw", tmp_path / "parts"
    for name in COCO:
        download(name, parts, raw / name)
        assert capsys.readouterr().out.startswith(f"Terms ({source(name).terms}): ")
    unpack_step([raw / "caption_datasets.zip"], "dataset_coco.json", raw / "dataset_coco.json")
    unpack_step([raw / "train2014.zip", raw / "val2014.zip"], None, raw / "coco")
    expect = {"train": 3, "val": 1, "test": 1, "captions": 5}
    arguments = (raw / "dataset_coco.json", raw / "coco", "coco")
    prepare(*arguments, expect, "refuse", tmp_path / "captions.json")
    records = read_captions(tmp_path / "captions.json")
    assert [record.filename for record in records[:3]] == [
        "train2014/0.jpg",
        "val2014/1.jpg",
        "val2014/2.jpg",
    ]
    assert [len(record.sentences) for record in records] == [6, 6, 5, 5, 6]
    with pytest.raises(GxnError, match="3 images in train, but 113287 are expected"):
        real = {"train": 113287, "val": 5000, "test": 5000, "captions": 5}
        prepare(*arguments, real, "refuse", tmp_path / "none.json")
