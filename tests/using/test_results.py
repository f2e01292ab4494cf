"""Rows of results: which one is taken, and what is said where there is none."""

import shutil

import pytest

import gxn
from gxn.errors import GxnError


@pytest.fixture
def results(trained):
    return gxn.open_results("config/mine.yaml")


@pytest.fixture
def copied(trained_folder, tmp_path, monkeypatch):
    """A copy that may be changed."""
    root = tmp_path / "copy"
    shutil.copytree(trained_folder, root)
    monkeypatch.chdir(root)
    return root


def test_rows_with_a_checkpoint_and_what_they_can(results):
    found = {each.row: each.skills for each in results.rows()}
    assert found == {"plain": ("search",), "both": ("search", "caption", "draw")}


def test_the_best_on_validation_is_taken(copied):
    curves = copied / "results/tiny/curves/joint"
    for row, best in (("plain", 20), ("both", 10)):
        (curves / row / "seed3.csv").write_text(f"epoch,val_rsum\n0,5\n1,{best}\n2,1\n")
    results = gxn.open_results("config/mine.yaml")
    assert results.choose().row == "plain" and results.choose().val_rsum == 20
    assert results.choose(skill="caption").row == "both"


@pytest.mark.parametrize(
    ("row", "seed", "skill", "message"),
    [
        ("plain", None, "draw", "row plain does not draw; rows that do: both"),
        ("captions", None, "search", r"row captions is not trained; train it by\n  uv run snakemake --cores \d+ "
         r"--configfile config/mine.yaml -- results/tiny/checkpoints/joint/captions/seed3.safetensors"),
        (None, 4, "search", r"no row that can search is trained with seed 4; train one by\n  uv run snakemake"),
        ("zebra", None, "search", "row zebra is not in the configuration; name one of "),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_with_the_command_that_makes_it(results, row, seed, skill, message):
    with pytest.raises(GxnError, match=message):
        results.choose(row, seed, skill)


def test_other_results_are_named_where_the_configuration_has_none(trained):
    with pytest.raises(GxnError, match=r"There are trained rows in results/tiny: name their configuration"):
        gxn.open_results().choose()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("crop: 32", "crop: 16", "was made with transform .*, but the configuration says"),
        ("layer: pool", "layer: grid2", "was made with layer pool, but the configuration says grid2"),
    ],
)
def test_another_transform_or_cnn_in_the_configuration_is_refused(copied, old, new, message):
    path = copied / "config/mine.yaml"
    path.write_text(path.read_text().replace(old, new))
    results = gxn.open_results("config/mine.yaml")
    with pytest.raises(GxnError, match=message):
        results.open(results.choose("plain"))


def test_other_words_are_refused(copied):
    path = copied / "data/tiny/vocabulary.json"
    path.write_text(path.read_text().replace('"w1"', '"w99"'))
    results = gxn.open_results("config/mine.yaml")
    with pytest.raises(GxnError, match="was trained with another vocabulary"):
        results.open(results.choose("plain"))
