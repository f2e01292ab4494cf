"""Grids show the photographs themselves, in their own aspect, or the images' names where there are none."""

import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot
from PIL import Image

from gxn.errors import GxnError
from gxn.evaluation.embeddings import Embeddings, write_embeddings
from gxn.files import write_json
from gxn.reporting import grids, queries, style
from gxn.reporting.queries import Found
from gxn.steps import figure_i2t, figure_t2i

SIZES = ((640, 320), (60, 90), (100, 100))  # width, height


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    """Three photographs of different aspects, and their captions."""
    entries = []
    for at, size in enumerate(SIZES):
        Image.effect_noise(size, 40).convert("RGB").save(tmp_path / f"{at}.png")
        sentences = [{"sentid": at, "tokens": ["a", "thing"]}]
        entries.append({"filename": f"{at}.png", "imgid": at, "split": "test", "sentences": sentences})
    write_json(tmp_path / "captions.json", {"images": entries})
    return tmp_path / "captions.json"


def test_pictures_keep_their_aspect_and_large_ones_are_reduced(captions):
    found = queries.read_pictures(captions.parent, captions, np.array([2, 0, 1]))
    assert [each.shape for each in found] == [(100, 100, 3), (160, 320, 3), (90, 60, 3)]
    with Image.open(captions.parent / "1.png") as image:
        assert np.array_equal(found[2], np.asarray(image))
    assert queries.read_pictures(None, captions, np.array([1, 0])) == ["1.png", "0.png"]
    with pytest.raises(GxnError, match="imgid"):
        queries.read_pictures(captions.parent, captions, np.array([7]))


@pytest.mark.parametrize("pictured", [True, False])
def test_a_grids_cell_has_the_aspect_of_its_picture(captions, pictured):
    pictures = queries.read_pictures(captions.parent if pictured else None, captions, np.arange(3))
    with style.house_style():
        figure = grids.caption_grid([Found(0, 1.0, [0, 1, 2])], ["a thing"], [pictures], [1], None)
        figure.canvas.draw()
        boxes = [axis.get_window_extent() for axis in figure.axes[1:4]]
    aspects = [box.width / box.height for box in boxes]
    wanted = [width / height for width, height in SIZES] if pictured else [1.0] * 3
    assert aspects == pytest.approx(wanted, rel=0.02)
    names = [text.get_text() for axis in figure.axes[1:4] for text in axis.texts]
    assert [name for name in names if name.endswith("png")] == (
        [] if pictured else ["0.png", "1.png", "2.png"]
    )
    pyplot.close("all")


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("step", [figure_i2t, figure_t2i])
@pytest.mark.parametrize("pictured", [True, False])
def test_the_steps_draw_from_photographs_or_names_the_same_bytes_again(
    tmp_path, captions, monkeypatch, step, pictured
):
    generator = np.random.default_rng(0)
    images, texts = (_unit(generator.standard_normal((3, 8))) for _ in range(2))
    ids = np.arange(3)
    found = Embeddings(["grounded"], [images], [texts], [1.0], "cosine", ids, ids, ids, "test", {})
    write_embeddings(tmp_path / "e.h5", found)
    given = ["--captions", str(captions), "--embeddings", str(tmp_path / "e.h5")]
    given += ["--images", str(captions.parent)] if pictured else []
    for name in ("a", "b"):
        outputs = [f"--pdf={tmp_path / name}.pdf", f"--png={tmp_path / name}.png"]
        monkeypatch.setattr(sys, "argv", ["figure", *given, *outputs])
        step.main()
    for form in ("pdf", "png"):
        assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()
