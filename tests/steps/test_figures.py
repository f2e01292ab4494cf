"""The steps that draw: from result files alone, the same bytes again, and one line where files do not fit."""

import importlib
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from small import ENVIRONMENT, ROOT

from gxn.hdf5 import create_hdf5
from gxn.reporting import style

FIGURES = ("ablation", "recall", "training", "i2t", "t2i", "framework")


def words(results, name) -> list[str]:
    """The command line of each figure, without its outputs."""
    rows = ["--config", *results.config]
    shown = ["--captions", results.folder / "captions.json", "--images", results.folder / "images.h5"]
    shown += ["--embeddings", results.folder / "embeddings/gxn_i2t_t2i/seed0.h5", "--imagined"]
    given = {
        "ablation": ["--metrics", *results.each("metrics/*/*"), *rows],
        "recall": ["--ranks", *results.each("ranks/*/*"), *rows],
        "training": ["--curves", *results.each("curves/**/*.csv"), *rows],
        "i2t": [*shown, results.folder / "imagined.json"],
        "t2i": [*shown, results.folder / "imagined.h5", "--judged", results.folder / "imagined.json"],
        "framework": [],
    }[name]
    return list(map(str, given))


@pytest.fixture
def draw(monkeypatch, capsys):
    """Run a figure's step in this process: its exit status, and what it said on standard error."""

    def call(name, folder, given):
        outputs = [f"--pdf={folder / 'f.pdf'}", f"--png={folder / 'f.png'}"]
        monkeypatch.setattr(sys, "argv", [name, *given, *outputs])
        try:
            importlib.import_module(f"gxn.steps.figure_{name}").main()
        except SystemExit as end:
            return end.code, capsys.readouterr().err
        return 0, capsys.readouterr().err

    return call


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.filterwarnings("error::UserWarning")
def test_a_figure_is_drawn_in_both_forms(tmp_path, results, draw, name):
    folder = tmp_path / "a folder"
    assert draw(name, folder, words(results, name)) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == ["f.pdf", "f.png"]
    with Image.open(folder / "f.png") as image:
        assert image.width == round(300 * style.WIDTH) and image.height > 600
        assert len(np.unique(np.asarray(image.convert("L")))) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_another_process_draws_the_same_bytes(tmp_path, results, draw, name):
    assert draw(name, tmp_path / "first", words(results, name))[0] == 0
    outputs = [f"--{form}={tmp_path / 'second' / f'f.{form}'}" for form in ("pdf", "png")]
    command = [sys.executable, "-m", f"gxn.steps.figure_{name}", *words(results, name), *outputs]
    settings = tmp_path / "matplotlibrc"  # a user's own taste changes nothing
    settings.write_text("font.size: 20\nsavefig.dpi: 50\nlines.linewidth: 9\n")
    environment = ENVIRONMENT | {"PYTHONHASHSEED": "7", "MATPLOTLIBRC": str(settings)}
    subprocess.run(command, check=True, env=environment, cwd=ROOT)
    for form in ("f.pdf", "f.png"):
        assert (tmp_path / "first" / form).read_bytes() == (tmp_path / "second" / form).read_bytes()


@pytest.mark.parametrize(("name", "network"), [("i2t", "decoder"), ("t2i", "generator")])
def test_a_collapse_is_marked(tmp_path, results, draw, name, network):
    given, kept = words(results, name), results.folder / "imagined.json"
    pictures = []
    for warnings in ([], [f"the {network} is at chance"]):
        own = tmp_path / "judged.json"
        own.write_text(json.dumps(json.loads(kept.read_text()) | {"warnings": warnings}))
        assert draw(name, tmp_path, [str(own) if each == str(kept) else each for each in given])[0] == 0
        with Image.open(tmp_path / "f.png") as image:
            pictures.append(np.asarray(image))
    assert (pictures[0] != pictures[1]).any(2)[:120].any()  # in the heads of the columns
    assert np.array_equal(pictures[0][120:], pictures[1][120:])


def test_plotting_needs_no_torch():
    steps = ", ".join(f"gxn.steps.figure_{name}" for name in FIGURES)
    check = f"import sys, gxn.steps.table_ablation, {steps}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, env=ENVIRONMENT).returncode == 0


@pytest.mark.parametrize("name", ["i2t", "t2i"])
def test_a_run_that_imagines_nothing_leaves_the_column_out(tmp_path, results, draw, name):
    assert draw(name, tmp_path, words(results, name)[:-2]) == (0, "")
    assert (tmp_path / "f.png").stat().st_size > 10_000


def refused(tmp_path, results, draw, name, file, path):
    """Message of the step if `path` replaces a result's file."""
    given = [str(path) if part == str(results.folder / file) else part for part in words(results, name)]
    status, said = draw(name, tmp_path, given)
    assert status == 2 and said.count("\n") == 1 and not (tmp_path / "f.pdf").exists()
    return said


def test_a_missing_image_is_named(tmp_path, results, draw):
    with create_hdf5(tmp_path / "images.h5", {}) as other:
        other["images"], other["imgid"] = np.zeros((1, 8, 8, 3), np.uint8), np.array([1])
    said = refused(tmp_path, results, draw, "i2t", "images.h5", tmp_path / "images.h5")
    assert "images.h5: imgid " in said and "is missing" in said


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        (
            "captions.json",
            lambda content: content.update(images=content["images"][:5]),
            "captions.json: sentid",
        ),
        (
            "imagined.json",
            lambda content: content.update(captions={"-1": "nothing"}),
            "has no imagined caption for",
        ),
    ],
)
def test_a_missing_caption_is_named(tmp_path, results, draw, file, change, message):
    content = json.loads((results.folder / file).read_text())
    change(content)
    (tmp_path / file).write_text(json.dumps(content))
    assert message in refused(tmp_path, results, draw, "i2t", file, tmp_path / file)
