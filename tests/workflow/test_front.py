"""The first page of the HTML report."""

import re
import shutil

import docutils.core
import pytest
from plans import ROOT, TUNED, plan
from workflow.front import changed, front


@pytest.fixture
def root(tmp_path):
    """A repository with the recorded tables as results."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    folder = tmp_path / "results/scenes"
    folder.mkdir(parents=True)
    for name in ("ablation.csv", "ablation.md", "significance.csv", "imagined.csv"):
        shutil.copy(ROOT / f"docs/reference/table_{name}", folder)
    return tmp_path


def test_it_opens_on_the_table_then_says_the_differences_and_what_rows_are(root):
    page = front(plan(), root)
    html = docutils.core.publish_parts(page, writer="html5")["body"]
    assert "system-message" not in html and "<table>" in html and "mailto" not in html
    words = ("Results", "In words", "Differences in rsum", "Rows:", "Settings that differ")
    order = [page.index(word) for word in words]
    assert order == sorted(order)


def test_a_difference_has_its_interval(root):
    line = next(line for line in front(plan(), root).splitlines() if line.startswith("- GXN t2i against"))
    assert re.fullmatch(r"- GXN t2i against Two spaces: [+-]\S+ \(\S+ to \S+\), adjusted p \S+", line)


def test_lines_of_several_protocols_are_told_apart(root):
    for name in ("ablation.csv", "significance.csv"):
        path = root / "results/scenes" / f"table_{name}"
        text = path.read_text()
        path.write_text(text + text.partition("\n")[2].replace("scenes,", "scenes-5k,"))
    markdown = root / "results/scenes/table_ablation.md"
    markdown.write_text(2 * markdown.read_text())
    page = front(plan(), root)
    assert "   * - VSE++, scenes\n" in page and "   * - VSE++, scenes-5k\n" in page
    assert "- GXN t2i, scenes-5k against Two spaces: " in page and "**In words:** scenes: Relative to" in page


def test_rows_are_described(root):
    page = front(plan(TUNED, "methods: {mine: {encoder: two_space, drawing: true, shuffled: true}}"), root)
    assert "- CCA, closed form: a closed form without a seed." in page
    assert "- VSE++: grounded space, similarity ``cosine``, loss ``hardest``." in page
    assert "no captions, drawings, imagined of other images." in page
    assert "- VSE++, fine-tuned: as ``vsepp``, trained on with its CNN." in page


def test_before_a_run_the_page_has_rows_and_settings_alone(tmp_path):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    page = front(plan(), tmp_path)
    assert "**Rows:**" in page and "Results" not in page and "<figure>" not in page


def test_figures_stand_on_the_page_with_title_and_caption(root):
    (root / "results/scenes/figures").mkdir()
    (root / "results/scenes/figures/recall.png").write_bytes(b"picture")
    html = docutils.core.publish_parts(front(plan(), root), writer="html5")["body"]
    assert html.count("<figure>") == 1
    assert "data:image/png;base64,cGljdHVyZQ==" in html
    assert re.search(r"<figcaption><b>Recall at K\.</b> Draw Recall@K both ways", html)


def test_settings_of_ones_own_stand_beside_the_defaults(root):
    assert changed(plan(), root) == []
    own = changed(plan("joint: {epochs: 7}\nmethods: {order: null}"), root)
    assert own == ["``joint.epochs``: 7, by default 1", "``methods.order``: left out"]
