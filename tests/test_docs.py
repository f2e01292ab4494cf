"""The pages at the root and the documentation: links, length, and what a reader copies from them."""

import csv
import json
import re
import runpy
from pathlib import Path

import pytest

from gxn.datasets.karpathy import normalise

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config/README.md"]
LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)(?:#[^)]*)?\)")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_links_of_pages_outside_the_site_lead_to_files(page):
    path = ROOT / page
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_readme_has_at_most_800_words():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 800


def test_the_script_for_own_captions_writes_what_the_workflow_reads(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Path("captions.csv").open("w", encoding="utf-8", newline="") as file:
        lines = [
            (f"album/{image}.jpg", f"Photograph {image}, caption {i}")
            for image in range(20)
            for i in range(2)
        ]
        csv.writer(file).writerows([("filename", "caption"), *lines])
    (script,) = PYTHON.findall((ROOT / "docs/own-data.md").read_text(encoding="utf-8"))
    exec(compile(script, "own-data.md", "exec"), {})

    value = json.loads(Path("captions.json").read_text(encoding="utf-8"))
    images = normalise(value, "mine", "captions.json")["images"]
    splits = [image["split"] for image in images]
    assert [splits.count(split) for split in ("train", "val", "test")] == [16, 2, 2]
    written = {(image["filename"], sentence["raw"]) for image in images for sentence in image["sentences"]}
    assert written == set(lines)


def test_the_picture_of_the_architecture_is_what_its_script_draws(tmp_path):
    script = ROOT / "docs/images/architecture.py"
    copy = tmp_path / script.name
    copy.write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    runpy.run_path(str(copy), run_name="__main__")
    assert copy.with_suffix(".svg").read_bytes() == script.with_suffix(".svg").read_bytes()
