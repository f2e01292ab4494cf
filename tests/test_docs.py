"""The pages at the root and the documentation: links, length, and what a reader copies from them."""

import re
import runpy
from pathlib import Path

import pytest
import yaml

from gxn.configuration.files import load
from gxn.datasets.layouts import layouts
from gxn.features.ready_files import EXAMPLE
from gxn.steps.export import Arguments, export

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


def keys_of_the_reference() -> set[str]:
    """Keys of the configuration, with their sections, by the page that is generated from the models."""
    found, place = set(), ""
    for line in (ROOT / "docs/configuration.md").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## `(\w+)", line):
            section = place = heading[1]
        elif plugin := re.match(r"\*\*`([\w.]+): ", line):
            place = f"{section}.{plugin[1]}"
        elif row := re.match(r"\| `([\w.]+)` \|", line):
            found |= {place, f"{place}.{row[1]}"}
    return found


KEYS = keys_of_the_reference()
SECTIONS = {key.split(".")[0] for key in KEYS} - {"methods", "encoders"}  # whose entries have any names


@pytest.mark.parametrize("page", [*PAGES, *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_every_key_that_a_page_names_is_one_of_the_configuration(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+(?:\.[a-z_0-9]+)+)(?:`|: )", text)) - {"features.h5"}
    assert [key for key in sorted(named - KEYS) if key.split(".")[0] in SECTIONS] == []


@pytest.mark.parametrize("page", ["docs/index.md", "docs/gpu-and-cluster.md", "config/README.md"])
def test_every_piece_of_configuration_on_a_page_is_accepted(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    pieces = re.findall(r"`([a-z_]+: \{[^`]+)`", text) + re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert pieces
    for piece in pieces:
        load([ROOT / "params.yaml"], yaml.safe_load(piece))


PLACES = ("src", "workflow", "benchmarks", "tests")
MODULES = [path for place in PLACES for path in sorted((ROOT / place).rglob("*.py"))]


def test_no_docstring_begins_with_a_word_that_leaves_out_its_subject():
    begin = re.compile(r'^\s*r?"""(Of|What|That|Those|Where|Whether|Which)\b', re.MULTILINE)
    assert [str(path) for path in MODULES if begin.search(path.read_text(encoding="utf-8"))] == []


def test_the_example_of_an_exported_row_runs(trained, tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs/using.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    export(Arguments(row="both", folder=tmp_path / "exported", config=(Path("config/mine.yaml"),)))
    (tmp_path / "photos").symlink_to(trained / "photos")
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    exec(compile(example, "docs/using.md", "exec"), {})
    lines = [line for line in capsys.readouterr().out.splitlines() if " to go" not in line]  # progress
    assert len(lines) == 6
    assert re.fullmatch(r"-0\.\d{3} photos/\d+\.png", lines[0])
    assert lines[3] in ("two people at a table", "a dog runs over the grass")
