"""The pages at the root and the documentation: links, length, and what a reader copies from them."""

import re
import runpy
from pathlib import Path

import pytest

from gxn.datasets.layouts import layouts
from gxn.features.ready_files import EXAMPLE

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config/README.md"]
LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES)
def test_links_of_pages_outside_the_site_lead_to_files(page):
    path = ROOT / page
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_readme_has_at_most_800_words():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 800


def test_the_page_on_own_data_shows_the_example_of_every_layout_and_of_features():
    page = (ROOT / "docs/own-data.md").read_text(encoding="utf-8")
    examples = {name: layout.EXAMPLE.rstrip() for name, layout in layouts().items()} | {"features": EXAMPLE}
    assert [name for name, example in examples.items() if example not in page] == []
    assert len(page.split()) <= 900


def test_the_picture_of_the_architecture_is_what_its_script_draws(tmp_path):
    script = ROOT / "docs/images/architecture.py"
    copy = tmp_path / script.name
    copy.write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    runpy.run_path(str(copy), run_name="__main__")
    assert copy.with_suffix(".svg").read_bytes() == script.with_suffix(".svg").read_bytes()
