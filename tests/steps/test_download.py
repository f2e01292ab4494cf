"""A public dataset comes from a server, through its archives, to checked captions."""

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
from small import config_files

from gxn.datasets import downloads
from gxn.datasets.captions import read_captions
from gxn.errors import GxnError
from gxn.steps import download, prepare, unpack

COCO = ("caption_datasets.zip", "train2014.zip", "val2014.zip")
SMALL = {
    "cnn": {"weights": "cnn.safetensors"}, "training": {"batch_size": 4}, "drawing": {"batch_size": 4},
}  # fmt: skip


def image(row: int, split: str) -> dict:
    """An image as COCO's Karpathy file has it."""
    folder = "train2014" if split == "train" else "val2014"  # restval too is from COCO's validation images
    sentences = [
        {"raw": "A dog .", "tokens": ["a", "dog"], "imgid": row, "sentid": 9 * row + number}
        for number in range(6)
    ]
    found = {"filepath": folder, "filename": f"{row}.jpg", "imgid": row, "cocoid": 77 + row, "split": split}
    return found | {"sentids": [each["sentid"] for each in sentences], "sentences": sentences}


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that says nothing."""

    def log_message(self, *_) -> None:
        """Say nothing."""


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
    listed = yaml.safe_load(downloads.LIST.read_text())
    root = f"http://127.0.0.1:{server.server_address[1]}"
    for name in COCO:
        data = (site / name).read_bytes()
        entry = {"bytes": len(data), "md5": None, "sha256": hashlib.sha256(data).hexdigest()}
        listed["files"][name] |= entry | {"urls": [f"{root}/gone/{name}", f"{root}/{name}"]}
    (tmp_path / "listed.yaml").write_text(yaml.safe_dump(listed))
    monkeypatch.setattr(downloads, "LIST", tmp_path / "listed.yaml")
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def raw(served, tmp_path, capsys):
    """The folder of what was downloaded and unpacked."""
    folder = tmp_path / "raw"
    for name in COCO:
        download.download(download.Arguments(name=name, parts=tmp_path / "parts", out=folder / name))
        assert capsys.readouterr().out.startswith(f"Terms ({downloads.source(name).terms}): ")
    captions, member = (folder / "caption_datasets.zip",), "dataset_coco.json"
    unpack.unpack(unpack.Arguments(archive=captions, member=member, out=folder / member))
    archives = (folder / "train2014.zip", folder / "val2014.zip")
    unpack.unpack(unpack.Arguments(archive=archives, out=folder / "coco"))
    return folder


def prepared(raw, tmp_path, **expected):
    source = {
        "kind": "images", "captions": str(raw / "dataset_coco.json"), "images": str(raw / "coco"),
        "expected_counts": expected,
    }  # fmt: skip
    config = config_files(tmp_path, SMALL, {"dataset": {"source": source}})
    prepare.prepare(prepare.Arguments(config=config, captions=tmp_path / "captions.json"))
    return read_captions(tmp_path / "captions.json")


def test_images_are_named_with_their_folders(raw, tmp_path):
    records = prepared(raw, tmp_path, train=3, val=1, test=1, captions=5)
    assert [each.filename for each in records[:3]] == ["train2014/0.jpg", "val2014/1.jpg", "val2014/2.jpg"]


def test_held_out_images_keep_their_first_captions(raw, tmp_path):
    records = prepared(raw, tmp_path, train=3, val=1, test=1, captions=5)
    assert [len(record.sentences) for record in records] == [6, 6, 5, 5, 6]


def test_other_counts_than_the_real_ones_are_refused(raw, tmp_path):
    with pytest.raises(GxnError, match="3 images in train, but 113287 are expected"):
        prepared(raw, tmp_path, train=113287, val=5000, test=5000, captions=5)


def test_one_member_is_of_one_archive(tmp_path):
    archives = (tmp_path / "a.zip", tmp_path / "b.zip")
    with pytest.raises(GxnError, match=r"^--member: takes one archive only$"):
        unpack.unpack(unpack.Arguments(archive=archives, member="x", out=tmp_path / "x"))
